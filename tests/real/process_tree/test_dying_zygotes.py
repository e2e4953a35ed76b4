"""A zygote that is killed while it loads is replaced; one that cannot load is not tried for ever."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from crewctl.adapters.process_tree import children_of
from crewctl.adapters.zygote_engine import ZYGOTES
from crewctl.errors import EngineError

pytestmark = pytest.mark.real
MakeBench = Callable[..., Any]

SLOW = """\
import importlib.util, time
spec = importlib.util.spec_from_file_location("obedient", {child!r})
obedient = importlib.util.module_from_spec(spec)
spec.loader.exec_module(obedient)
run = obedient.run

def warm(*, tools):
    {during}
"""
OBEDIENT = Path(__file__).with_name("obedient_child.py")


def slow_child(folder: Path, during: str) -> str:
    file = folder / "slow_child.py"
    file.write_text(SLOW.format(child=str(OBEDIENT), during=during))
    return str(file)


@contextmanager
def killing_zygotes(most: int) -> Iterator[set[int]]:
    """Kill the zygotes of this process as soon as each is there, so many at most."""
    killed: set[int] = set()
    over = threading.Event()

    def kill() -> None:
        while len(killed) < most and not over.wait(0.01):
            for pid in children_of(os.getpid()) - killed:
                if b"zygote_main" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    killed.add(pid)
                    os.kill(pid, signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


def test_a_step_waits_for_another_zygote_where_one_is_killed_while_it_loads(
    bench: MakeBench, tmp_path: Path
) -> None:
    with killing_zygotes(2) as killed:
        made = bench(child=slow_child(tmp_path, "time.sleep(1.0)"))
        result = made.do("me.done('well done')")
    assert len(killed) == 2
    assert (result.outcome, made.text(result)) == ("done", "well done")
    assert [event.attempt for event in made.events() if event.kind == "StepStarted"] == [1]


def test_zygotes_that_are_always_killed_end_the_run_with_an_error(bench: MakeBench, tmp_path: Path) -> None:
    with killing_zygotes(100) as killed:
        made = bench(child=slow_child(tmp_path, "time.sleep(1.0)"))
        with pytest.raises(EngineError, match="ended unexpectedly"):
            made.do("me.done('never')")
    assert ZYGOTES <= len(killed) <= ZYGOTES + 1


def test_a_zygote_that_cannot_load_is_not_tried_again(bench: MakeBench, tmp_path: Path) -> None:
    count = tmp_path / "count.txt"
    during = f"open({str(count)!r}, 'a').write('x'); raise ImportError('no such thing')"
    made = bench(child=slow_child(tmp_path, during))
    with pytest.raises(EngineError, match="no such thing"):
        made.do("me.done('never')")
    assert count.read_text() == "x"
