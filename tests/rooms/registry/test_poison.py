"""A run that kills whoever takes it up is set aside; one that is merely unlucky is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from crewctl.adapters.output_files import ProjectFiles
from crewctl.adapters.report_files import ReportFiles
from crewctl.audit.events import KickoffRequested, RunClosed, StepFinished
from crewctl.audit.events_faults import DeadLettered
from crewctl.audit.events_people import CardAnswered
from crewctl.audit.events_work import RunEnqueued, RunSuspended
from crewctl.planning.plan import Plan
from crewctl.registry.close import Closed
from crewctl.registry.kickoff import kickoff
from crewctl.registry.poison import MOST_DEATHS, killed_too_often
from crewctl.registry.rooms import Rooms
from crewctl.running.port import CrewEngine
from crewctl.testing.fake_approvals import AllApprovals
from crewctl.testing.fake_engine import FakeEngine
from crewctl.testing.fake_store import FakeContentStore, FakeRunStore
from crewctl.testing.memory_steps import MemorySteps
from crewctl.testing.sample_plans import sequential_plan

RUN = "run-1"
ASKED = KickoffRequested(crew="brief", by="ada", host="desk", pid=1)


class StoppedClock:
    """The Clock port at nine in the morning."""

    def now(self) -> datetime:
        return datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0


def taken(times: int, between: Callable[[FakeRunStore], None] = lambda _: None) -> FakeRunStore:
    """Return the account of a run that so many processes took up, and something happened after the third."""
    store = FakeRunStore()
    store.append(RUN, ASKED)
    for number in range(times):
        store.take(RUN, f"worker-{number}")
        if number == 2:
            between(store)
    return store


def rooms_of(store: FakeRunStore, root: Path) -> Rooms:
    """Return rooms in which nothing of the run may begin."""
    contents = FakeContentStore()

    @contextmanager
    def open_engine(_: Plan) -> Iterator[CrewEngine]:
        raise AssertionError("nothing of it may begin")
        yield FakeEngine(RUN, store, contents)

    return Rooms(
        run_id=RUN,
        request=ASKED,
        store=store,
        contents=contents,
        approvals=AllApprovals(),
        clock=StoppedClock(),
        open_engine=open_engine,
        files=ProjectFiles(root),
        reports=ReportFiles(root),
    )


def test_it_is_taken_up_until_five_have_died() -> None:
    assert not killed_too_often(taken(MOST_DEATHS).events_of(RUN))
    why = killed_too_often(taken(MOST_DEATHS + 1).events_of(RUN))
    assert why == "5 processes that worked on it died one after the other, and no step was finished"


def test_workers_that_leave_in_order_did_not_die_of_it() -> None:
    store = FakeRunStore()
    for number in range(MOST_DEATHS + 3):
        store.take(RUN, f"worker-{number}")
        store.append(RUN, RunEnqueued())
    store.take(RUN, "alive")

    assert killed_too_often(store.events_of(RUN)) == ""


def test_a_finished_step_a_wait_and_a_persons_word_begin_the_count_anew() -> None:
    finished = StepFinished(step="1.look", attempt=1, outcome="done", seconds=1.0)
    failed = finished.model_copy(update={"outcome": "failed"})
    answered = CardAnswered(card="run-1.1", action="approve", by="ada")
    for event in (finished, RunSuspended(cards=("run-1.1",))):
        store = taken(MOST_DEATHS + 1, lambda store, event=event: store.append(RUN, event))  # type: ignore[misc]
        assert not killed_too_often(store.events_of(RUN))
    records = taken(MOST_DEATHS + 1).events_of(RUN)
    word = records[3].model_copy(update={"event": answered})
    assert not killed_too_often([*records[:4], word, *records[4:]])
    store = taken(MOST_DEATHS + 1, lambda store: store.append(RUN, failed))
    assert killed_too_often(store.events_of(RUN))


def test_it_ends_as_failed_and_is_set_aside_without_another_step(tmp_path: Path) -> None:
    store = taken(MOST_DEATHS + 1)

    closed = kickoff(sequential_plan(), rooms_of(store, tmp_path), MemorySteps())

    assert isinstance(closed, Closed)
    assert (closed.ending.outcome, closed.ending.exit_code) == ("failed", 1)
    events = store.events(RUN)
    assert [event.why for event in events if isinstance(event, DeadLettered)] == [closed.ending.error]
    assert isinstance(events[-1], RunClosed)


def test_it_is_set_aside_once_whoever_died_over_that(tmp_path: Path) -> None:
    store = taken(MOST_DEATHS + 1, lambda store: store.append(RUN, DeadLettered(why="five died")))

    kickoff(sequential_plan(), rooms_of(store, tmp_path), MemorySteps())

    assert sum(isinstance(event, DeadLettered) for event in store.events(RUN)) == 1
