"""One contract for every run store, and what the one in SQLite promises on top."""

from __future__ import annotations

import threading
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, get_args

import pytest

from crewctl.adapters.sql_run_store import SqlRunStore
from crewctl.audit.events import (
    ClockStarted,
    Event,
    KickoffRequested,
    OutputWritten,
    PersonDecided,
    RunClosed,
    RunStarted,
    StopRequested,
)
from crewctl.audit.fact import ContentRef
from crewctl.audit.port import RunIsClosedError, RunStore
from crewctl.testing.fake_store import FakeRunStore

if TYPE_CHECKING:
    from conftest import Places


def _requested(crew: str = "brief") -> KickoffRequested:
    return KickoffRequested(crew=crew, by="ada", host="desk", pid=7)


CLOSED = RunClosed(outcome="finished", exit_code=0)


@pytest.fixture(params=["fake", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest, places: Places) -> RunStore:
    if request.param == "fake":
        return FakeRunStore()
    return SqlRunStore(places(request.param).database())


def test_a_store_without_runs_is_empty(store: RunStore) -> None:
    assert store.run_ids() == ()
    assert store.open_run_ids() == ()
    assert store.events_of("r1") == ()


def test_events_come_back_as_they_were_in_order_from_one(store: RunStore) -> None:
    events = [_requested(), RunStarted(), ClockStarted(), CLOSED]
    returned = [store.append("r1", event) for event in events]

    kept = store.events_of("r1")

    assert [record.event for record in kept] == events
    assert [record.seq for record in kept] == [1, 2, 3, 4]
    assert list(kept) == returned
    assert all(record.run_id == "r1" for record in kept)


def test_events_of_some_kinds_come_back_in_order_and_no_others(store: RunStore) -> None:
    stop = StopRequested(by="ada", reason='"kind":"ClockStarted"')
    for event in [_requested(), RunStarted(), ClockStarted(), stop, CLOSED]:
        store.append("r1", event)

    kept = store.events_of_kinds("r1", (RunClosed, ClockStarted, KickoffRequested))

    assert [record.event for record in kept] == [_requested(), ClockStarted(), CLOSED]
    assert [record.seq for record in kept] == [1, 3, 5]
    assert store.events_of_kinds("r1", (OutputWritten,)) == ()
    assert store.events_of_kinds("r2", (RunClosed,)) == ()


def test_the_kind_of_every_event_is_its_name() -> None:
    kinds = get_args(get_args(Event)[0])

    assert len(kinds) > 30
    assert [kind.model_fields["kind"].default for kind in kinds] == [kind.__name__ for kind in kinds]


def test_the_time_of_an_event_is_utc_and_survives_exactly(store: RunStore) -> None:
    returned = store.append("r1", _requested())

    assert returned.at.utcoffset() == timedelta(0)
    assert store.events_of("r1")[0].at == returned.at
    assert store.events_of("r1")[0].at.tzinfo == UTC


def test_each_run_counts_for_itself(store: RunStore) -> None:
    store.append("r1", _requested())
    store.append("r2", _requested())

    assert store.append("r1", RunStarted()).seq == 2
    assert store.append("r2", RunStarted()).seq == 2


def test_only_what_came_after_is_returned_on_request(store: RunStore) -> None:
    for event in (_requested(), RunStarted(), ClockStarted()):
        store.append("r1", event)

    assert [record.seq for record in store.events_of("r1", after=1)] == [2, 3]
    assert store.events_of("r1", after=3) == ()


def test_nothing_follows_the_end_of_a_run(store: RunStore) -> None:
    store.append("r1", _requested())
    store.append("r1", CLOSED)

    with pytest.raises(RunIsClosedError, match="run r1 is closed, so StopRequested cannot be added"):
        store.append("r1", StopRequested(by="ada"))
    with pytest.raises(RunIsClosedError):
        store.append("r1", CLOSED)
    assert len(store.events_of("r1")) == 2


def _decision(by: str, ballot: int, *, settled: bool = False) -> PersonDecided:
    return PersonDecided(by=by, ballot=ballot, settled=settled, verdict=ContentRef(id="r1/0", size=1))


def test_people_decide_an_undecided_run_each_once_and_in_turn_until_it_is_settled(store: RunStore) -> None:
    store.append("r1", _requested())
    store.append("r2", _requested())
    store.append("r2", CLOSED)
    with pytest.raises(RunIsClosedError):
        store.append("r2", _decision("ada", 1, settled=True))
    store.append("r1", RunClosed(outcome="undecided", exit_code=8))
    written = OutputWritten(task="mail", file="mail.txt")

    for too_early in (written, StopRequested(by="ada"), _decision("ada", 2)):
        with pytest.raises(RunIsClosedError):
            store.append("r1", too_early)
    store.append("r1", _decision("ada", 1))
    for refused in (_decision("ada", 2), _decision("elena", 1), _decision("elena", 3), written):
        with pytest.raises(RunIsClosedError):
            store.append("r1", refused)
    store.append("r1", _decision("elena", 2, settled=True))
    store.append("r1", written)
    for too_late in (_decision("grace", 3, settled=True), written, RunStarted()):
        with pytest.raises(RunIsClosedError):
            store.append("r1", too_late)

    assert [record.seq for record in store.events_of("r1")] == [1, 2, 3, 4, 5]
    assert "r1" not in store.open_run_ids()


def test_runs_are_listed_newest_first_and_by_crew(store: RunStore) -> None:
    for run, crew in (("r1", "brief"), ("r2", "market"), ("r3", "brief")):
        store.append(run, _requested(crew))

    assert store.run_ids() == ("r3", "r2", "r1")
    assert store.run_ids(crew="brief") == ("r3", "r1")
    assert store.run_ids(crew="nobody") == ()


def test_open_runs_are_those_without_an_end(store: RunStore) -> None:
    for run in ("r1", "r2", "r3"):
        store.append(run, _requested())
    store.append("r2", CLOSED)

    assert store.open_run_ids() == ("r1", "r3")


def test_threads_do_not_lose_or_double_a_number(store: RunStore) -> None:
    store.append("r1", _requested())

    def add() -> None:
        for _ in range(25):
            store.append("r1", ClockStarted())

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [record.seq for record in store.events_of("r1")] == list(range(1, 102))
