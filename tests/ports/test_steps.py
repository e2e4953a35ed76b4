"""One contract for whatever makes steps durable: the fake and the journal."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path

import pytest

from crewctl.adapters.journal_steps import JournalSteps
from crewctl.audit.fact import ContentRef
from crewctl.errors import NotApprovedError, StoreError
from crewctl.running.port import StepResult, Steps
from crewctl.testing.memory_steps import MemorySteps

Comeback = Callable[[], Steps]


@pytest.fixture(params=["memory", "journal"])
def come_back(request: pytest.FixtureRequest, tmp_path: Path) -> Comeback:
    """Make the steps of one run; every further call is that run after a crash."""
    if request.param == "memory":
        journal: dict[str, str] = {}
        return lambda: MemorySteps(journal)
    return lambda: JournalSteps(tmp_path / "state" / "crewctl.db", "run-1")


def done(text: str = "x") -> StepResult:
    return StepResult(outcome="done", output=ContentRef(id=text, size=1))


def never() -> StepResult:
    raise AssertionError("a finished step was done again")


def test_a_finished_step_is_never_done_again(come_back: Comeback) -> None:
    first = come_back().do("1.research", done, StepResult)

    assert come_back().do("1.research", never, StepResult) == first


def test_a_step_that_raised_is_done_again(come_back: Comeback) -> None:
    def broken() -> StepResult:
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        come_back().do("1.research", broken, StepResult)

    assert come_back().do("1.research", done, StepResult) == done()


def test_side_by_side_results_come_in_the_order_asked_whatever_finished_first(come_back: Comeback) -> None:
    last = threading.Event()

    def slow() -> StepResult:
        assert last.wait(5)
        return done("slow")

    def quick() -> StepResult:
        last.set()
        return done("quick")

    results = come_back().do_all({"b": slow, "a": quick}, StepResult)

    assert list(results.items()) == [("b", done("slow")), ("a", done("quick"))]


def test_side_by_side_steps_do_only_what_is_missing(come_back: Comeback) -> None:
    come_back().do("a", done, StepResult)

    results = come_back().do_all({"b": lambda: done("b"), "a": never}, StepResult)

    assert list(results) == ["b", "a"]


def test_what_finished_beside_a_step_that_raised_is_kept(come_back: Comeback) -> None:
    def broken() -> StepResult:
        raise OSError("no space")

    def later() -> StepResult:
        time.sleep(0.05)
        return done("later")

    with pytest.raises(OSError, match="no space"):
        come_back().do_all({"a": broken, "b": later}, StepResult)

    assert come_back().do("b", never, StepResult) == done("later")


def test_nothing_to_do_is_done_at_once(come_back: Comeback) -> None:
    assert come_back().do_all({}, StepResult) == {}


def test_steps_see_the_context_of_their_caller(come_back: Comeback) -> None:
    who: ContextVar[str] = ContextVar("who", default="nobody")
    who.set("ada")

    results = come_back().do_all({"a": lambda: done(who.get()), "b": lambda: done(who.get())}, StepResult)

    assert [result.output.id for result in results.values() if result.output] == ["ada", "ada"]


def test_the_gate_is_not_asked_in_a_run_that_has_just_begun(come_back: Comeback) -> None:
    steps = come_back()
    steps.do("approval", done, StepResult)

    with steps.guarded_by(lambda: pytest.fail("asked")):
        steps.do("1.research", done, StepResult)


def test_the_gate_is_asked_once_before_the_first_new_step_after_a_recovery(come_back: Comeback) -> None:
    come_back().do("1.research", done, StepResult)
    asked: list[str] = []
    steps = come_back()

    with steps.guarded_by(lambda: asked.append("gate")):
        steps.do("1.research", never, StepResult)
        assert asked == []
        steps.do("2.write", lambda: done(str(len(asked))), StepResult)
        steps.do_all({"3": done, "4": done}, StepResult)

    assert asked == ["gate"]


def test_the_gate_is_asked_when_a_result_turns_up_that_the_run_did_not_write(come_back: Comeback) -> None:
    steps, meanwhile = come_back(), come_back()
    meanwhile.do("approval", done, StepResult)
    asked: list[str] = []

    steps.do("approval", never, StepResult)
    with steps.guarded_by(lambda: asked.append("gate")):
        steps.do("1.research", lambda: done(str(len(asked))), StepResult)

    assert asked == ["gate"]


def test_the_gate_is_not_asked_because_of_what_the_run_wrote_itself(come_back: Comeback) -> None:
    steps = come_back()
    steps.do("approval", done, StepResult)

    with steps.guarded_by(lambda: pytest.fail("asked")):
        steps.do("approval", never, StepResult)
        steps.do("1.research", done, StepResult)


def test_a_gate_that_says_no_after_a_recovery_lets_no_step_begin(come_back: Comeback) -> None:
    come_back().do("1.research", done, StepResult)
    steps = come_back()

    def no() -> None:
        raise NotApprovedError("revoked")

    with steps.guarded_by(no):
        for _ in range(2):
            with pytest.raises(NotApprovedError, match="revoked"):
                steps.do_all({"2": never, "3": never}, StepResult)


def test_two_runs_share_a_journal_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "crewctl.db"
    JournalSteps(path, "run-1").do("1", lambda: done("one"), StepResult)

    assert JournalSteps(path, "run-2").do("1", lambda: done("two"), StepResult) == done("two")


def test_a_result_of_another_kind_in_the_journal_is_refused(tmp_path: Path) -> None:
    steps = JournalSteps(tmp_path / "crewctl.db", "run-1")
    steps.do("1", lambda: ContentRef(id="a", size=1), ContentRef)

    with pytest.raises(StoreError, match="'1' of run run-1 cannot be read"):
        steps.do("1", never, StepResult)


def test_two_processes_on_one_run_are_noticed(tmp_path: Path) -> None:
    path = tmp_path / "crewctl.db"
    other = JournalSteps(path, "run-1")

    def meanwhile() -> StepResult:
        other.do("1", lambda: done("other"), StepResult)
        return done("own")

    with pytest.raises(StoreError, match="finished twice"):
        JournalSteps(path, "run-1").do("1", meanwhile, StepResult)


def test_no_secret_reaches_the_journal(tmp_path: Path) -> None:
    path = tmp_path / "crewctl.db"
    steps = JournalSteps(path, "run-1", secrets=["sk-very-secret"])

    result = steps.do("1", lambda: StepResult(outcome="failed", error="bad key sk-very-secret"), StepResult)

    assert result.error == "bad key [redacted]"
    assert JournalSteps(path, "run-1").do("1", never, StepResult) == result
    steps.close()
    assert not [file for file in tmp_path.iterdir() if b"sk-very-secret" in file.read_bytes()]
