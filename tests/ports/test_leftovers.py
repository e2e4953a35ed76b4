"""One contract for what runs leave for people, and for a card that is put off: the rows follow from the events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from crewctl.adapters.sql_run_store import SqlRunStore
from crewctl.audit.events import Event, KickoffRequested, PersonDecided, RunClosed
from crewctl.audit.events_faults import DeadLettered
from crewctl.audit.events_people import Acknowledged, CardAnswered, CardOpened, NoticeLeft
from crewctl.audit.events_work import RunSuspended
from crewctl.audit.fact import ContentRef
from crewctl.testing.fake_leftovers import leftovers_of
from crewctl.testing.fake_store import FakeRunStore

if TYPE_CHECKING:
    from conftest import Places

Store = SqlRunStore | FakeRunStore
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture(params=["fake", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest, places: Places) -> Store:
    if request.param == "fake":
        return FakeRunStore()
    return SqlRunStore(places(request.param).database())


def told(store: Store, run_id: str, *events: Event) -> None:
    store.append(run_id, KickoffRequested(crew=f"crew-{run_id}", by="ada", host="h", pid=1))
    for event in events:
        store.append(run_id, event)


def opened(card: str, place: str = "k") -> CardOpened:
    expires = NOW + timedelta(days=3)
    return CardOpened(
        card=card, key=place, source="output", asks="?", actions=("approve", "park"), expires_at=expires
    )


def test_nothing_is_left_where_nothing_has_run(store: Store) -> None:
    assert store.leftovers() == ()


def test_what_is_left_stays_until_somebody_has_dealt_with_it(store: Store) -> None:
    ruled = CardAnswered(card="c.1", action="approve", by="rule r", rule="r", sampled=True)
    unseen = CardAnswered(card="c.2", action="approve", by="rule r", rule="r")
    told(
        store, "a", NoticeLeft(about="x"), NoticeLeft(about="again"), RunClosed(outcome="failed", exit_code=1)
    )
    told(store, "b", RunClosed(outcome="undecided", exit_code=8))
    told(store, "c", opened("c.1"), ruled, opened("c.2", "other"), unseen)
    told(store, "d", DeadLettered(why="five died"), RunClosed(outcome="failed", exit_code=1))
    told(store, "e", RunClosed(outcome="finished", exit_code=0))

    left = [(each.run_id, each.crew, each.what, each.card) for each in store.leftovers()]

    assert left == [
        ("a", "crew-a", "notice", ""),
        ("b", "crew-b", "undecided", ""),
        ("c", "crew-c", "sampled", "c.1"),
        ("d", "crew-d", "dead_letter", ""),
    ]
    for each in store.leftovers():
        assert each in leftovers_of(each.run_id, each.crew, store.events_of(each.run_id)), (
            "it is as old as its event"
        )
    verdict = ContentRef(id="v", size=1)
    store.append("b", PersonDecided(by="ada", ballot=1, settled=False, verdict=verdict))
    store.append("a", Acknowledged(by="ada"))
    assert [each.what for each in store.leftovers()] == ["undecided", "sampled", "dead_letter"]
    store.append("b", PersonDecided(by="bob", ballot=2, settled=True, verdict=verdict))
    store.append("c", Acknowledged(by="ada", card="c.1"))
    assert [each.what for each in store.leftovers()] == ["dead_letter"]


def test_a_card_that_is_put_off_beyond_its_time_holds_its_run_until_its_new_one(store: Store) -> None:
    until, then = NOW + timedelta(days=10), NOW + timedelta(days=13)
    park = CardAnswered(card="a.1", action="park", by="ada", until=until, expires_at=then)
    told(store, "a", opened("a.1"), RunSuspended(cards=("a.1",)), park)
    [place] = store.open_cards()
    assert (place.parked, place.due_at) == (True, until)
    assert store.answered_runs(NOW + timedelta(days=4)) == (), "its first time is over, and it has a new one"
    assert tuple(store.answered_runs(then)) == ("a",)
