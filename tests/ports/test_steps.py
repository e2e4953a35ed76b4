"""One contract for whatever makes steps durable: the fake, and the engine on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TypeVar

import pytest

from crewctl.adapters.dbos_database import sqlite_place
from crewctl.adapters.dbos_engine import DurableEngine
from crewctl.adapters.dbos_steps import DbosSteps
from crewctl.audit.fact import ContentRef
from crewctl.errors import NotApprovedError, StoreError
from crewctl.running.port import StepResult, Steps, Suspended
from crewctl.testing.memory_steps import MemorySteps

T = TypeVar("T")


class Lives:
    """The lives of one run: each is a process's part in it, and the next one comes back from its end."""

    def __init__(self, engine: DurableEngine | None, secrets: list[str]) -> None:
        self._engine = engine
        self._secrets = secrets
        self._journal: dict[str, str] = {}
        self._began: set[str] = set()
        self.live: Callable[[Steps], Any] | None = None

    def __call__(self, life: Callable[[Steps], T], run: str = "run-1") -> T:
        if self._engine is None:
            return life(MemorySteps(self._journal))
        came: list[T] = []
        broke: list[BaseException] = []

        def host(steps: Steps) -> None:
            try:
                came.append(life(steps))
            except BaseException as error:  # noqa: BLE001 - the test looks at it
                broke.append(error)

        self.live = host
        if run in self._began:
            assert self._engine.wake(run)
            assert self._engine.take_up(run) is not None
        else:
            self._began.add(run)
            self._engine.begin(run, {})
        if broke:
            raise broke[0]
        return came[0]

    def host(self, _run: str, _argument: object) -> dict[str, Any]:
        assert self.live is not None
        self.live(DbosSteps(secrets=self._secrets))
        return {"how": "waiting"}


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def live(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lives]:
    """Live the first life of a run; every further call is that run after a crash."""
    if request.param == "memory":
        yield Lives(None, [])
    elif request.param == "sqlite":
        yield from _with_engine(sqlite_place(tmp_path), tmp_path)
    else:
        yield from _with_engine(request.getfixturevalue("postgres_url"), tmp_path)


@pytest.fixture
def durable(tmp_path: Path) -> Iterator[Lives]:
    yield from _with_engine(sqlite_place(tmp_path), tmp_path)


def _with_engine(url: str, folder: Path) -> Iterator[Lives]:
    lives = Lives(None, ["sk-very-secret"])
    engine = DurableEngine(url, "test", lives.host, log=folder / "engine.log")
    lives._engine = engine
    try:
        yield lives
    finally:
        engine.close()


def done(text: str = "x") -> StepResult:
    return StepResult(outcome="done", output=ContentRef(id=text, size=1))


def never() -> StepResult:
    raise AssertionError("a finished step was done again")


def test_a_finished_step_is_never_done_again(live: Lives) -> None:
    first = live(lambda steps: steps.do("1.research", done, StepResult))

    assert live(lambda steps: steps.do("1.research", never, StepResult)) == first


def test_a_finished_step_is_found_again_wherever_it_now_stands(live: Lives) -> None:
    live(lambda steps: [steps.do(key, lambda key=key: done(key), StepResult) for key in ("1", "2", "3")])

    assert live(lambda steps: [steps.do(key, never, StepResult) for key in ("3", "1", "2")]) == [
        done("3"),
        done("1"),
        done("2"),
    ]


def test_a_step_that_raised_is_done_again(live: Lives) -> None:
    def broken() -> StepResult:
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        live(lambda steps: steps.do("1.research", broken, StepResult))

    assert live(lambda steps: steps.do("1.research", done, StepResult)) == done()


def test_side_by_side_results_come_in_the_order_asked_whatever_finished_first(live: Lives) -> None:
    last = threading.Event()

    def slow() -> StepResult:
        assert last.wait(5)
        return done("slow")

    def quick() -> StepResult:
        last.set()
        return done("quick")

    results = live(lambda steps: steps.do_all({"b": slow, "a": quick}, StepResult))

    assert list(results.items()) == [("b", done("slow")), ("a", done("quick"))]


def test_side_by_side_steps_do_only_what_is_missing(live: Lives) -> None:
    live(lambda steps: steps.do("a", done, StepResult))

    results = live(lambda steps: steps.do_all({"b": lambda: done("b"), "a": never}, StepResult))

    assert list(results) == ["b", "a"]


def test_what_finished_beside_a_step_that_raised_is_kept(live: Lives) -> None:
    def broken() -> StepResult:
        raise OSError("no space")

    def later() -> StepResult:
        time.sleep(0.05)
        return done("later")

    with pytest.raises(OSError, match="no space"):
        live(lambda steps: steps.do_all({"a": broken, "b": later}, StepResult))

    assert live(lambda steps: steps.do("b", never, StepResult)) == done("later")


def test_nothing_to_do_is_done_at_once(live: Lives) -> None:
    assert live(lambda steps: steps.do_all({}, StepResult)) == {}


def test_steps_see_the_context_of_their_caller(live: Lives) -> None:
    who: ContextVar[str] = ContextVar("who", default="nobody")

    def life(steps: Steps) -> dict[str, StepResult]:
        who.set("ada")
        return steps.do_all({"a": lambda: done(who.get()), "b": lambda: done(who.get())}, StepResult)

    results = live(life)

    assert [result.output.id for result in results.values() if result.output] == ["ada", "ada"]


def test_a_wait_without_an_answer_puts_the_run_down_and_is_looked_at_again(live: Lives) -> None:
    def life(answer: StepResult | None) -> Callable[[Steps], StepResult]:
        return lambda steps: steps.wait("after.1", "run-1.1", lambda: answer, StepResult)

    with pytest.raises(Suspended) as put_down:
        live(life(None))

    assert put_down.value.card == "run-1.1"
    assert live(life(done("yes"))) == done("yes")
    assert live(life(done("another"))) == done("yes")


def test_the_gate_is_asked_after_a_wait(live: Lives) -> None:
    asked: list[str] = []

    def life(steps: Steps) -> None:
        with steps.guarded_by(lambda: asked.append("gate")):
            steps.wait("after.1", "run-1.1", done, StepResult)
            assert asked == []
            steps.do("2", done, StepResult)

    live(life)

    assert asked == ["gate"]


def test_the_gate_is_not_asked_in_a_run_that_has_just_begun(live: Lives) -> None:
    def life(steps: Steps) -> None:
        steps.do("approval", done, StepResult)
        with steps.guarded_by(lambda: pytest.fail("asked")):
            steps.do("1.research", done, StepResult)
            steps.do("approval", never, StepResult)

    live(life)


def test_the_gate_is_asked_once_before_the_first_new_step_after_a_recovery(live: Lives) -> None:
    live(lambda steps: steps.do("1.research", done, StepResult))
    asked: list[str] = []

    def life(steps: Steps) -> None:
        with steps.guarded_by(lambda: asked.append("gate")):
            steps.do("1.research", never, StepResult)
            assert asked == []
            steps.do("2.write", lambda: done(str(len(asked))), StepResult)
            steps.do_all({"3": done, "4": done}, StepResult)

    live(life)

    assert asked == ["gate"]


def test_a_gate_that_says_no_after_a_recovery_lets_no_step_begin(live: Lives) -> None:
    live(lambda steps: steps.do("1.research", done, StepResult))
    asked: list[str] = []

    def no() -> None:
        asked.append("gate")
        raise NotApprovedError("revoked")

    def life(steps: Steps) -> None:
        with steps.guarded_by(no):
            for _ in range(2):
                with pytest.raises(NotApprovedError, match="revoked"):
                    steps.do_all({"2": never, "3": never}, StepResult)

    live(life)
    assert len(asked) <= 2


def test_two_runs_share_an_engine_and_nothing_else(durable: Lives) -> None:
    durable(lambda steps: steps.do("1", lambda: done("one"), StepResult))

    assert durable(lambda steps: steps.do("1", lambda: done("two"), StepResult), run="run-2") == done("two")


def test_a_remembered_result_of_another_kind_is_refused(durable: Lives) -> None:
    durable(lambda steps: steps.do("1", lambda: ContentRef(id="a", size=1), ContentRef))

    with pytest.raises(StoreError, match="'1' cannot be read"):
        durable(lambda steps: steps.do("1", never, StepResult))


def test_two_keys_with_one_number_are_two_steps(durable: Lives, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crewctl.adapters.dbos_steps.LAST_NUMBER", 2)
    keys = ("a", "b")

    durable(lambda steps: [steps.do(key, lambda key=key: done(key), StepResult) for key in keys])

    assert durable(lambda steps: [steps.do(key, never, StepResult) for key in reversed(keys)]) == [
        done("b"),
        done("a"),
    ]


def test_no_secret_is_remembered(durable: Lives, tmp_path: Path) -> None:
    def work() -> StepResult:
        return StepResult(outcome="failed", error="bad key sk-very-secret")

    result = durable(lambda steps: steps.do("1", work, StepResult))

    assert result.error == "bad key [redacted]"
    assert durable(lambda steps: steps.do("1", never, StepResult)) == result
    assert not [file for file in tmp_path.iterdir() if b"sk-very-secret" in file.read_bytes()]
