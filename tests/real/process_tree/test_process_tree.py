"""Children, wardens and the zygote, as real processes: what they are given and what is left of them."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from crewctl.adapters.process_tree import descendants_of
from crewctl.errors import EngineError
from crewctl.planning.plan import EffectiveLimit, EffectiveLimits, Plan
from crewctl.testing.small_plans import small_model, small_plan

pytestmark = pytest.mark.real
MakeBench = Callable[..., Any]


def descriptors(pid: int | str) -> list[str]:
    return sorted(entry.name for entry in Path(f"/proc/{pid}/fd").iterdir())


def with_key() -> Plan:
    return small_plan(models=(small_model(None, api_key_env="THE_KEY"),))


def test_a_child_works_and_its_output_is_kept(bench: MakeBench) -> None:
    made = bench()
    result = made.do("me.done('well done')")
    assert (result.outcome, made.text(result)) == ("done", "well done")
    assert made.kinds() == ["StepStarted", "ClockStarted", "StepFinished"]
    assert made.events()[-1].exit == "exit 0"


def test_a_second_attempt_at_a_step_is_counted(bench: MakeBench) -> None:
    made = bench()
    made.do("me.done('1')", step="task/a")
    made.do("me.done('2')", step="task/a")
    assert [event.attempt for event in made.events() if event.kind == "StepStarted"] == [1, 2]


def test_a_child_sees_only_the_listed_environment(bench: MakeBench) -> None:
    given = {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TZ": "Europe/Rome",
        "SECRET_OF_MINE": "hush",
        "OPENAI_API_KEY": "sk-other",
        "PYTHONPATH": "/nowhere",
    }
    made = bench(environ=given)
    seen = json.loads(made.text(made.do("import json; me.done(json.dumps(dict(os.environ)))")))
    assert set(seen) == {
        *("PATH", "LANG", "LC_ALL", "TZ", "HOME", "TMPDIR", "CREWAI_STORAGE_DIR"),
        *("CREWAI_DISABLE_TELEMETRY", "CREWAI_DISABLE_TRACKING", "CREWAI_DISABLE_VERSION_CHECK"),
        *("CREWAI_TESTING", "CREWAI_TRACING_ENABLED", "OPENBLAS_NUM_THREADS", "OTEL_SDK_DISABLED"),
        "PYTHON_DOTENV_DISABLED",
    }


def test_a_key_reaches_the_child_and_no_proc_environ(bench: MakeBench) -> None:
    made = bench(with_key(), {"PATH": os.environ["PATH"], "THE_KEY": "sk-hush-hush", "OTHER": "x"})
    source = """
        from pathlib import Path
        found = []
        def look(pid):
            for file in ("environ", "cmdline"):
                if b"hush" in Path(f"/proc/{pid}/{file}").read_bytes():
                    found.append(f"{pid}/{file}")
        warden = os.getppid()
        zygote = int(Path(f"/proc/{warden}/stat").read_text().rpartition(")")[2].split()[1])
        for pid in (os.getpid(), warden, zygote):
            look(pid)
        warden_fds = len(list(Path(f"/proc/{warden}/fd").iterdir()))
        me.done(repr((os.environ["THE_KEY"][:3], found, warden_fds)))
        """
    # Standard streams, the lifeline, the child's pidfd: no request and no channel.
    assert made.text(made.do(source)) == "('sk-', [], 5)"


def test_a_key_is_taken_out_of_an_error(bench: MakeBench) -> None:
    made = bench(with_key(), {"PATH": os.environ["PATH"], "THE_KEY": "sk-hush-hush"})
    result = made.do("print('key', os.environ['THE_KEY'], flush=True); os.kill(os.getpid(), 11)")
    assert result.outcome == "failed"
    assert "SIGSEGV" in result.error
    assert "key [redacted]" in result.error


def test_each_child_has_folders_of_its_own_and_starts_in_one(bench: MakeBench) -> None:
    made = bench()
    source = """
        import tempfile
        from pathlib import Path
        Path.home().joinpath("note").write_text("mine")
        me.done("|".join([os.getcwd(), os.environ["HOME"], tempfile.gettempdir(), os.environ["CREWAI_STORAGE_DIR"]]))
        """
    one, two = (made.text(made.do(source)).split("|") for _ in range(2))
    assert not set(one) & set(two)
    work, home, *_ = map(Path, one)
    assert work.is_dir()
    assert not home.exists(), "what CrewAI keeps in clear is removed with the step"


def test_a_child_reads_nothing_and_writes_to_its_log(bench: MakeBench) -> None:
    made = bench()
    result = made.do("print('to the log', flush=True); me.done(repr(sys.stdin.read()))", step="task/a b")
    assert made.text(result) == "''"
    assert (made.run.work_dir / "steps" / "task-a-b" / "log.txt").read_text() == "to the log\n"


def test_three_children_run_at_once(bench: MakeBench) -> None:
    made = bench()
    made.do("me.done('warm')")
    began = time.monotonic()
    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(lambda n: made.do(f"time.sleep(0.5); me.done('{n}')"), range(3)))
    assert [made.text(result) for result in results] == ["0", "1", "2"]
    assert time.monotonic() - began < 1.2


def test_what_was_said_before_a_death_is_in_the_account(bench: MakeBench) -> None:
    made = bench()
    source = """
        from crewctl.adapters.child_protocol import ToolStarted
        for n in range(500):
            me.say(ToolStarted(call=n, agent="writer", tool="t", arguments="{}"))
        os.kill(os.getpid(), 9)
        """
    result = made.do(source)
    assert "SIGKILL" in result.error
    calls = [event.call for event in made.events() if event.kind == "ToolCallStarted"]
    assert calls == list(range(500))


def test_words_on_both_channels_keep_their_order(bench: MakeBench) -> None:
    made = bench()
    source = """
        from crewctl.adapters.child_protocol import ToolFinished, ToolStarted
        for n in range(20):
            grant = me.ask().grant
            me.settle(grant)
            me.say(ToolStarted(call=n, agent="writer", tool="t", arguments="{}"))
            me.say(ToolFinished(call=n, seconds=0.0, result="r"))
        me.done("")
        """
    assert made.do(source).outcome == "done"
    turn = ["TurnGranted", "TurnTaken", "ToolCallStarted", "ToolCallFinished"]
    assert made.kinds()[2:-1] == turn * 20


@pytest.mark.parametrize(
    "garbage",
    ["b'what?\\n'", 'b\'{"ev":"unheard of"}\\n\'', "b'\\xff\\xfe\\n'", "b'[' * 200000 + b'\\n'", "b'\\n'"],
)
def test_garbage_on_a_channel_fails_the_step_and_nothing_else(bench: MakeBench, garbage: str) -> None:
    made = bench()
    for way in ("os.write(me.events_fd, {})", "me.rpc.sendall({})"):
        result = made.do(f"{way.format(garbage)}\ntime.sleep(60)")
        assert result.outcome == "failed"
        assert "no meaning" in result.error
    assert made.do("me.done('still well')").outcome == "done"


def test_a_line_without_end_is_cut_off(bench: MakeBench) -> None:
    made = bench()
    result = made.do("while True: os.write(me.events_fd, b'x' * 65536)")
    assert (result.outcome, "too long" in result.error) == ("failed", True)


def test_an_output_over_the_cap_fails_the_step(bench: MakeBench) -> None:
    made = bench()
    result = made.do(
        "data = 'x' * (5 << 20); os.set_blocking(me.events_fd, True)\n"
        "from crewctl.adapters.child_protocol import Result, line\n"
        "rest = line(Result(ok=True, output=data))\n"
        "while rest: rest = rest[os.write(me.events_fd, rest):]"
    )
    assert (result.outcome, "bytes are allowed" in result.error or "are allowed" in result.error) == (
        "failed",
        True,
    )


def test_the_last_lines_of_a_dead_childs_log_are_shown_harmlessly(bench: MakeBench) -> None:
    made = bench()
    result = made.do("print('a \\x1b[31mred\\x1b[0m end', flush=True); os._exit(3)")
    assert "exit 3" in result.error
    assert "\\x1b[31mred" in result.error
    assert "\x1b" not in result.error


PRINTS_ITS_KEY = """
    print("key", os.environ["THE_KEY"], flush=True)
    half = len(os.environ["THE_KEY"]) // 2
    for part in (os.environ["THE_KEY"][:half], os.environ["THE_KEY"][half:]):
        os.write(2, part.encode())
        time.sleep(0.05)
    import subprocess
    subprocess.run([sys.executable, "-c", "import base64, os; print(base64.b64encode(b'a' + os.environb[b'THE_KEY']))"])
    """


@pytest.mark.parametrize(
    ("end", "outcome"),
    [("me.done('')", "done"), ("os.kill(os.getpid(), 9)", "failed"), ("time.sleep(60)", "limit_reached")],
)
def test_a_key_that_is_printed_is_never_on_a_disk(bench: MakeBench, end: str, outcome: str) -> None:
    timeout = EffectiveLimits(timeout=EffectiveLimit(value=3.0, source="test"))
    plan = small_plan(models=(small_model(None, api_key_env="THE_KEY"),), limits=timeout)
    made = bench(plan, {"PATH": os.environ["PATH"], "THE_KEY": "sk-hush-hush-hush"})
    looks = """
    from pathlib import Path
    found = [file for file in Path("../../..").rglob("*") if file.is_file() and b"hush" in file.read_bytes()]
    print("in the clear while it runs:", found, flush=True)
    """
    assert made.do(f"{PRINTS_ITS_KEY}{looks}{end}", step="step").outcome == outcome
    log = made.run.work_dir / "steps/step/log.txt"
    first, second, third = log.read_text().splitlines()
    assert first == "key [redacted]"
    assert second.startswith("[redacted]b'")
    assert second.count("[redacted]") == 2
    assert third == "in the clear while it runs: []"
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_step_cannot_fill_the_disk_through_its_log(bench: MakeBench) -> None:
    made = bench()
    loud = "for n in range(300): os.write(1, b'x' * 65535 + b'\\n')\nos.write(1, b'the end')\nme.done('')"
    assert made.do(loud, step="loud").outcome == "done"
    log = (made.run.work_dir / "steps/loud/log.txt").read_bytes()
    assert len(log) < 9 * 2**20
    assert b"[crewctl left out " in log
    assert log.endswith(b"the end")


@pytest.mark.parametrize("put", ["os.mkfifo('../log.txt')", "os.symlink('/etc/passwd', '../log.txt')"])
def test_a_log_that_was_replaced_is_not_read(bench: MakeBench, put: str) -> None:
    made = bench()
    result = made.do(f"os.unlink('../log.txt'); {put}; os._exit(3)")
    assert result.error == "the child process ended without a result (exit 3)"


def test_a_child_that_does_not_leave_after_its_result_is_still_done(bench: MakeBench) -> None:
    made = bench()
    began = time.monotonic()
    result = made.do("me.done('said'); time.sleep(60)")
    assert (result.outcome, made.text(result)) == ("done", "said")
    assert time.monotonic() - began < 4


def test_daemons_of_a_finished_child_do_not_outlive_it(bench: MakeBench, marker: str) -> None:
    made = bench()
    source = f"""
        import subprocess
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", "{marker}"], start_new_session=True)
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(60)", "{marker}"])
            os._exit(0)
        me.done("left two behind")
        """
    assert made.do(source).outcome == "done"


def test_fifty_children_leave_no_descriptor_and_no_zombie(bench: MakeBench) -> None:
    made = bench()
    made.do("me.done('')")
    before = descriptors("self")
    for _ in range(50):
        made.do("me.settle(me.ask().grant); me.done('')")
    assert descriptors("self") == before
    zygote = zygote_of(made)
    until = time.monotonic() + 2
    while len(children := Path(f"/proc/{zygote}/task/{zygote}/children").read_text().split()) > 1:
        assert time.monotonic() < until, f"more than the one in reserve: {children}"
    assert len(descriptors(zygote)) < 10


def test_when_the_engine_is_left_nothing_of_it_is_left(bench: MakeBench) -> None:
    made = bench()
    made.do("me.done('')")
    time.sleep(0.2)
    zygote = zygote_of(made)
    family = {zygote} | descendants_of(zygote)
    assert len(family) == 3, "the zygote, and a warden with a child in reserve"
    made.engine._warm_zygote.close()
    assert not [pid for pid in family if Path(f"/proc/{pid}").exists()]


def test_a_killed_reserve_is_replaced(bench: MakeBench) -> None:
    made = bench()
    made.do("me.done('')")
    time.sleep(0.2)
    reserve = descendants_of(zygote_of(made))
    for pid in reserve:
        os.kill(pid, signal.SIGKILL)
    # What is killed is not dead at once, and what dies may still take a request with it.
    while not all(is_dead(pid) for pid in reserve):
        time.sleep(0.001)
    assert made.do("me.done('')").outcome == "done"


def zygote_of(made: Any) -> int:
    process = made.engine._warm_zygote.current()._process
    assert process is not None
    return int(process.pid)


def is_dead(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_killed_warden_does_not_save_its_child(bench: MakeBench, marker: str) -> None:
    made = bench()
    source = f"""
        import subprocess
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", "{marker}"], start_new_session=True)
        os.kill(os.getppid(), 9)
        time.sleep(60)
        """
    result = made.do(source)
    assert (result.outcome, "not confirmed" in result.error) == ("failed", True)
    assert made.do("me.done('')").outcome == "done"


def test_a_dead_zygote_is_replaced_by_the_next_step(bench: MakeBench) -> None:
    made = bench()
    made.do("me.done('')")
    dead = made.engine._warm_zygote.current()._process
    assert dead is not None
    os.kill(dead.pid, signal.SIGKILL)
    dead.wait()
    assert made.do("me.done('')").outcome == "done"


def test_a_zygote_that_cannot_import_says_why(bench: MakeBench, tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("raise RuntimeError('no such luck')\n")
    made = bench()
    made.engine._warm_zygote.close()
    made.engine._warm_zygote._child = str(broken)
    with pytest.raises(EngineError, match="no such luck"):
        made.do("me.done('')")
