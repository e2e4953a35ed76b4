"""A tool that kills or suspends the processes that guard it leaves nothing behind all the same."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crewctl.planning.plan import EffectiveLimit, EffectiveLimits, Plan
from crewctl.running.port import StepResult
from crewctl.testing.small_plans import small_model, small_plan

pytestmark = pytest.mark.real
MakeBench = Callable[..., Any]

LEAVES = """\
import signal, subprocess
from pathlib import Path
def parent_of(pid):
    return int(Path(f"/proc/{{pid}}/stat").read_text().rpartition(")")[2].split()[1])
def send(pid, number):
    os.kill(pid, number)
    state = ""
    while state not in ("T", "Z"):
        try:
            state = Path(f"/proc/{{pid}}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return
        time.sleep(0.001)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", "{marker}"], start_new_session=True)
warden = os.getppid()
zygote = parent_of(warden)
"""
STOP, KILL = "signal.SIGSTOP", "signal.SIGKILL"


def one_second() -> Plan:
    limits = EffectiveLimits(timeout=EffectiveLimit(value=1.0, source="test"))
    return small_plan(models=(small_model(None),), limits=limits)


def do_with_a_daemon(made: Any, marker: str, *deeds: str) -> StepResult:
    """Do the deeds in a child that has started a daemon; `marker` fails the test if that is not gone."""
    source = LEAVES.format(marker=marker) + "\n".join((*deeds, "time.sleep(60)"))
    result: StepResult = made.do(source)
    return result


def test_a_suspended_warden_is_killed_after_what_it_guards(bench: MakeBench, marker: str) -> None:
    made = bench(one_second())
    assert do_with_a_daemon(made, marker, f"send(warden, {STOP})").outcome == "limit_reached"


def test_a_suspended_warden_does_not_save_what_a_finished_child_left(bench: MakeBench, marker: str) -> None:
    made = bench()
    result = do_with_a_daemon(made, marker, f"send(warden, {STOP})", "me.done('')", "os._exit(0)")
    assert result.outcome == "done"


def test_a_suspended_zygote_and_warden_are_both_killed(bench: MakeBench, marker: str) -> None:
    made = bench(one_second())
    result = do_with_a_daemon(made, marker, f"send(zygote, {STOP})", f"send(warden, {STOP})")
    assert result.outcome == "limit_reached"
    zygote = made.engine._warm_zygote._zygote
    made.engine._warm_zygote.close()
    assert zygote is not None
    assert zygote.is_gone


@pytest.mark.parametrize("number", [STOP, KILL])
def test_a_killed_warden_without_its_zygote_leaves_nothing(
    bench: MakeBench, marker: str, number: str
) -> None:
    made = bench(one_second())
    result = do_with_a_daemon(made, marker, f"send(zygote, {number})", f"os.kill(warden, {KILL})")
    assert result.outcome in {"failed", "limit_reached"}
    zygote = made.engine._warm_zygote._zygote
    made.engine._warm_zygote.close()
    assert zygote is not None
    assert zygote.is_gone


def test_a_child_ends_with_its_warden_although_the_zygote_is_suspended(bench: MakeBench) -> None:
    made = bench(one_second())
    tells = "Path('../pid').write_text(str(os.getpid()))"
    do_with_a_daemon(made, "", tells, f"send(zygote, {STOP})", f"os.kill(warden, {KILL})")
    (told,) = made.run.work_dir.glob("steps/*/pid")
    # The kernel's signal is on its way when the engine returns: nothing else ends this child.
    give_up = time.monotonic() + 1
    while not (ended := _is_dead(told.read_text())) and time.monotonic() < give_up:
        time.sleep(0.01)
    assert ended


def _is_dead(pid: str) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return True
    return stat.rpartition(")")[2].split()[0] == "Z"


def test_what_the_caller_started_itself_is_spared(bench: MakeBench, marker: str) -> None:
    made = bench(one_second())
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as mine:
        do_with_a_daemon(made, marker, f"send(zygote, {KILL})", f"os.kill(warden, {KILL})")
        made.engine._warm_zygote.close()
        left_alone = mine.poll() is None
        mine.kill()
    assert left_alone


def test_the_caller_adopts_nobody_once_the_engine_is_left(bench: MakeBench) -> None:
    made = bench()
    made.do("me.done('')")
    made.engine._warm_zygote.close()
    source = "import os, time\nif os.fork() == 0:\n    time.sleep(0.3)\n    print(os.getppid(), flush=True)\n"
    orphan = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert int(orphan.stdout) != os.getpid()
