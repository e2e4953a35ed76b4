"""Deadlines, stops and limits: the step ends in time, and no process is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from crewctl.audit.events import StopRequested
from crewctl.planning.plan import EffectiveLimit, EffectiveLimits, Plan, Price
from crewctl.running.port import TaskWork
from crewctl.testing.small_plans import small_model, small_plan

pytestmark = pytest.mark.real
MakeBench = Callable[..., Any]

HUNG = "time.sleep(60)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
HOLDS_THE_GIL = "import ctypes; ctypes.PyDLL(None).sleep(60)"
GRANDCHILD = """
    import subprocess
    subprocess.Popen(
        [sys.executable, "-c", "import signal, time; signal.signal(15, 1); print(1, flush=True); time.sleep(60)", MARKER],
        start_new_session=True, stdout=subprocess.PIPE,
    ).stdout.readline()
    time.sleep(60)
    """
DAEMON = """
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(60)", MARKER])
        os._exit(0)
    time.sleep(60)
    """
SWARM = """
    import subprocess
    for _ in range(20):
        subprocess.Popen(["/bin/sh", "-c", "trap '' TERM; sleep 60; : " + MARKER], start_new_session=True)
    time.sleep(60)
    """
RUNNER = """
    # Forks without end, each generation in a session of its own, the parent gone at once.
    import ctypes
    libc = ctypes.CDLL(None)
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, "-c", (
            "import os, time\\n"
            "end = time.monotonic() + 20\\n"
            "while time.monotonic() < end:\\n"
            "    if os.fork(): os._exit(0)\\n"
            "    os.setsid()\\n"), MARKER])
    time.sleep(60)
    """


def limited(**values: float) -> Plan:
    found = {name: EffectiveLimit(value=value, source="test") for name, value in values.items()}
    model = small_model(None, price=Price(input=1_000, output=2_000, source="test"))
    return small_plan(models=(model,), limits=EffectiveLimits(**found))


def the(kind: str, made: Any) -> list[Any]:
    return [event for event in made.events() if event.kind == kind]


@pytest.mark.parametrize("source", [HUNG, DEAF, HOLDS_THE_GIL, GRANDCHILD, DAEMON, SWARM, RUNNER])
def test_a_runs_deadline_ends_everything_in_time(bench: MakeBench, marker: str, source: str) -> None:
    made = bench(limited(timeout=1.0))
    made.do("me.done('')")
    began = time.monotonic()
    result = made.do(textwrap.dedent(source).replace("MARKER", repr(marker)))
    took = time.monotonic() - began
    assert (result.outcome, result.limit) == ("limit_reached", "timeout")
    (reached,) = the("LimitReached", made)
    assert (reached.limit, reached.allowed) == ("timeout", 1.0)
    assert 1.0 <= reached.used < 1.2
    assert took < 1.5
    assert made.do("me.done('')").outcome == "limit_reached", "a limit once reached stays reached"


def test_a_tasks_own_timeout_ends_the_task_and_not_the_run(bench: MakeBench, marker: str) -> None:
    made = bench(limited(timeout=60.0))
    source = textwrap.dedent(GRANDCHILD).replace("MARKER", repr(marker))
    work = TaskWork(step="task/draft", task=source, agent="writer", timeout=0.5)
    result = made.engine.run_task(work)
    assert (result.outcome, result.limit) == ("limit_reached", "task_timeout")
    assert the("StepFinished", made)[0].seconds < 1.2
    (reached,) = the("LimitReached", made)
    assert (reached.limit, reached.step) == ("task_timeout", "task/draft")
    assert made.do("me.done('')").outcome == "done"


def test_a_deadline_holds_while_the_parent_is_suspended(tmp_path: Path) -> None:
    source = f"open({str(tmp_path / 'ready')!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    code = PARENT.format(here=str(Path(__file__).parent), folder=str(tmp_path), source=source)
    code = code.replace("conftest.plan_with()", "conftest.plan_with(timeout=1.0)").replace(
        "range(3)", "range(1)"
    )
    code += "threads[0].join()\nprint(bench.events()[-2].kind, bench.events()[-1].outcome)\nbench.engine.__exit__(None, None, None)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        until = time.monotonic() + 20
        while not (tmp_path / "ready").exists() or not (tmp_path / "ready").read_text():
            assert time.monotonic() < until
            time.sleep(0.01)
        child = int((tmp_path / "ready").read_text())
        parent.send_signal(signal.SIGSTOP)
        time.sleep(1.5)
        assert not _lives(child)
        parent.send_signal(signal.SIGCONT)
        assert parent.communicate(timeout=20)[0].split() == ["LimitReached", "limit_reached"]


def test_a_talkative_child_does_not_talk_past_its_deadline(bench: MakeBench) -> None:
    made = bench(limited(timeout=1.0))
    source = """
        from crewctl.adapters.child_protocol import ToolStarted, line
        said = line(ToolStarted(call=1, agent="writer", tool="t", arguments="{}"))
        while True: os.write(me.events_fd, said)
        """
    result = made.do(source)
    assert result.limit == "timeout"
    # It would talk for ever; how long a busy machine takes to hear it out at the end is another matter.
    assert the("StepFinished", made)[0].seconds < 4


def test_a_stop_request_of_another_process_ends_the_step(bench: MakeBench) -> None:
    made = bench()
    threading.Timer(0.5, lambda: made.store.append("r-1", StopRequested(by="ann", reason="wrong"))).start()
    began = time.monotonic()
    result = made.do(HUNG)
    assert (result.outcome, result.error) == ("stopped", "stopped by ann: wrong")
    assert time.monotonic() - began < 2
    assert made.do("me.done('')").outcome == "stopped"
    assert not the("LimitReached", made)


def test_a_signal_ends_every_step_at_once(bench: MakeBench) -> None:
    made = bench()
    made.do("me.done('')")
    with made.run.stop.on_signals(), ThreadPoolExecutor(3) as pool:
        pending = [pool.submit(made.do, HUNG) for _ in range(3)]
        time.sleep(0.3)
        os.kill(os.getpid(), signal.SIGINT)
        began = time.monotonic()
        results = [one.result(timeout=5) for one in pending]
    assert {result.outcome for result in results} == {"stopped"}
    assert time.monotonic() - began < 0.6
    assert (made.run.stop.cause, results[0].error) == ("signal", "interrupted by Ctrl-C")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_exactly_as_many_turns_as_allowed_are_granted(bench: MakeBench) -> None:
    made = bench(limited(max_turns=3))
    result = made.do("while True: me.settle(me.ask().grant)")
    assert (result.outcome, result.limit) == ("limit_reached", "max_turns")
    assert [event.turn for event in the("TurnGranted", made)] == [1, 2, 3]
    assert len(the("TurnTaken", made)) == 3
    assert len(the("TurnRefused", made)) == 1
    (reached,) = the("LimitReached", made)
    assert (reached.limit, reached.allowed, reached.used) == ("max_turns", 3, 3)


def test_an_open_call_comes_back_before_a_refused_step_is_killed(bench: MakeBench) -> None:
    made = bench(limited(max_turns=1))
    source = """
        grant = me.ask(output_tokens=20).grant
        me.ask_only()
        time.sleep(0.4)
        me.settle(grant, response="it came")
        time.sleep(60)
        """
    assert made.do(source).limit == "max_turns"
    (taken,) = the("TurnTaken", made)
    assert (made.contents.text(taken.response), taken.error) == ("it came", "")


def test_a_call_that_encloses_a_refused_one_is_not_waited_for(bench: MakeBench) -> None:
    made = bench(limited(max_turns=1))
    began = time.monotonic()
    assert made.do("grant = me.ask().grant; me.ask(blocked=(grant,))").limit == "max_turns"
    assert time.monotonic() - began < 2


def test_a_childs_word_does_not_undo_a_limit(bench: MakeBench) -> None:
    made = bench(limited(max_turns=1))
    source = (
        "g = me.ask().grant; me.ask_only(); time.sleep(0.2); me.done('all well'); me.settle(g); time.sleep(9)"
    )
    result = made.do(source)
    assert (result.outcome, result.output) == ("limit_reached", None)


def test_the_limit_is_said_once_however_many_steps_meet_it(bench: MakeBench) -> None:
    made = bench(limited(max_turns=5))
    with ThreadPoolExecutor(3) as pool:
        loop = "while True: me.settle(me.ask().grant)"
        results = list(pool.map(made.do, [loop] * 3))
    assert {result.limit for result in results} == {"max_turns"}
    assert len(the("TurnGranted", made)) == 5
    assert len(the("LimitReached", made)) == 1


def test_tokens_are_never_overshot_by_three_at_once(bench: MakeBench) -> None:
    made = bench(limited(max_tokens=1_000))
    loop = (
        "while True:\n g = me.ask(prompt_tokens=50, output_tokens=200)\n me.settle(g.grant, 40, g.output_cap)"
    )
    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(made.do, [loop] * 3))
    assert {result.limit for result in results} == {"max_tokens"}
    totals = made.run.meter.totals()
    assert 800 < totals.tokens <= 1_000
    assert totals.reserved_tokens == 0


def test_nested_calls_of_three_at_once_do_not_wait_for_each_other_for_ever(bench: MakeBench) -> None:
    made = bench(limited(max_tokens=700, timeout=20.0))
    nested = """
        outer = me.ask(prompt_tokens=50, output_tokens=150)
        time.sleep(0.3)
        inner = me.ask(prompt_tokens=50, output_tokens=150, blocked=(outer.grant,))
        me.settle(inner.grant, 50, inner.output_cap)
        me.settle(outer.grant, 50, outer.output_cap)
        me.done("")
        """
    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(made.do, [nested] * 3))
    assert {result.limit or "done" for result in results} <= {"max_tokens", "done"}
    assert made.run.meter.totals().tokens <= 700
    assert not [event for event in the("LimitReached", made) if event.limit == "timeout"]


def test_what_a_dead_child_left_open_stays_at_its_worst_case(bench: MakeBench) -> None:
    made = bench(limited(max_cost=10**12))
    made.do("me.ask(prompt_tokens=100, output_tokens=50); os._exit(1)")
    (granted,), (taken,) = the("TurnGranted", made), the("TurnTaken", made)
    assert (taken.prompt_tokens, taken.cost) == (None, granted.reserved_cost)
    assert granted.reserved_cost == 100 * 1_000 + 50 * 2_000
    assert made.run.meter.totals().tokens == 150


def test_a_provider_that_reports_more_than_was_reserved_ends_the_run(bench: MakeBench) -> None:
    made = bench(limited(max_tokens=10_000))
    result = made.do("me.settle(me.ask(prompt_tokens=10, output_tokens=10).grant, 500, 10); time.sleep(60)")
    assert result.limit == "max_tokens"
    (taken,) = the("TurnTaken", made)
    assert taken.over_reservation == 490
    assert len(the("LimitReached", made)) == 1


def test_a_model_that_is_not_in_the_plan_has_no_price_and_no_budget(bench: MakeBench) -> None:
    made = bench(limited(max_cost=10**12))
    assert made.do("me.ask(model='another')").limit == "max_cost"


def test_waiting_for_others_is_no_running_time_before_and_after_steps(bench: MakeBench) -> None:
    made = bench(limited(timeout=1.0))
    made.do("time.sleep(0.3); me.done('')")
    time.sleep(1.2)
    assert made.do("me.done('')").outcome == "done"


PARENT = """
import os, sys, threading
from pathlib import Path
sys.path.insert(0, {here!r})
import conftest
from contextlib import ExitStack
bench = conftest.make_bench(Path({folder!r}), conftest.plan_with())
bench.engine.__enter__()
source = {source!r}
threads = [threading.Thread(target=bench.do, args=(source,)) for _ in range(3)]
for thread in threads: thread.start()
"""


def test_nothing_survives_a_parent_that_is_killed(tmp_path: Path, marker: str) -> None:
    ready = tmp_path / "ready"
    ready.mkdir()
    source = textwrap.dedent(f"""
        import subprocess
        subprocess.Popen([sys.executable, "-c", "import signal, time; signal.signal(15, 1); time.sleep(60)", "{marker}"],
                         start_new_session=True)
        open("{ready}/" + str(os.getpid()), "w").close()
        time.sleep(60)
        """)
    code = PARENT.format(here=str(Path(__file__).parent), folder=str(tmp_path), source=source)
    with subprocess.Popen([sys.executable, "-c", code, marker], stdin=subprocess.DEVNULL) as parent:
        until = time.monotonic() + 20
        while len(list(ready.iterdir())) < 3 and time.monotonic() < until:
            time.sleep(0.02)
        children = [int(entry.name) for entry in ready.iterdir()]
        assert len(children) == 3
        family = _family(children)
        parent.kill()
        killed = time.monotonic()
        while time.monotonic() < killed + 1.0 and (any(map(_lives, family))):
            time.sleep(0.01)
    assert not [pid for pid in family if _lives(pid)], "wardens, children and the zygote end with the parent"


def test_a_zygote_that_is_still_importing_ends_with_its_parent(tmp_path: Path) -> None:
    slow = tmp_path / "slow.py"
    slow.write_text("import time\ntime.sleep(60)\n")
    code = PARENT.format(here=str(Path(__file__).parent), folder=str(tmp_path), source="")
    code = code.replace(
        "bench.engine.__enter__()",
        f"bench.engine._warm_zygote._child = {str(slow)!r}; bench.engine.__enter__();"
        " print(bench.engine._warm_zygote._zygote._process.pid, flush=True)",
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        zygote = int(parent.stdout.readline())
        time.sleep(0.5)
        assert _lives(zygote)
        parent.kill()
        killed = time.monotonic()
        while time.monotonic() < killed + 1.0 and _lives(zygote):
            time.sleep(0.01)
        assert not _lives(zygote)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _family(children: list[int]) -> set[int]:
    """Return the children, their wardens, and the zygote."""
    wardens = {_parent(pid) for pid in children}
    return {*children, *wardens, *map(_parent, wardens)}


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
