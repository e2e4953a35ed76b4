"""Cards are found without reading every account, once each, and so are the runs that can go on."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import pytest

from crewctl.adapters.sql_run_store import SqlRunStore
from crewctl.audit.events import KickoffRequested, RunClosed
from crewctl.audit.events_people import CardAnswered, CardOpened
from crewctl.audit.events_work import RunEnqueued, RunSuspended
from crewctl.audit.port import CardAnsweredError, CardExistsError, CardIndex, RunIsClosedError, RunStore
from crewctl.errors import NotFoundError
from crewctl.testing.fake_store import FakeRunStore, ticking

if TYPE_CHECKING:
    from conftest import Place, Places

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=2)


class Store(RunStore, CardIndex, Protocol):
    """A run store that knows its cards."""

    def take(self, run_id: str, executor: str) -> int: ...


@pytest.fixture(params=["fake", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest, places: Places) -> Store:
    if request.param == "fake":
        return FakeRunStore()
    return SqlRunStore(places(request.param).database(), now=ticking())


def opened(card: str, key: str = "tool", sha: str = "", *, expires: datetime | None = None) -> CardOpened:
    return CardOpened(
        card=card,
        key=key,
        source="tool_call",
        asks="send?",
        actions=("approve",),
        subject_sha256=sha,
        expires_at=expires,
    )


def yes(card: str) -> CardAnswered:
    return CardAnswered(card=card, action="approve", by="ada")


def park(card: str, until: datetime | None) -> CardAnswered:
    return CardAnswered(card=card, action="park", by="ada", until=until)


def asks(store: Store, run_id: str, *cards: CardOpened) -> None:
    """Begin a run and put it down until the cards are answered."""
    store.append(run_id, KickoffRequested(crew="brief", by="ada", host="desk", pid=7))
    for card in cards:
        store.append(run_id, card)
    store.append(run_id, RunSuspended(cards=tuple(card.card for card in cards)))


def test_there_are_no_cards_at_first(store: Store) -> None:
    assert list(store.open_cards()) == []
    assert list(store.answered_runs(NOW)) == []


def test_an_open_card_is_found_with_its_place_and_time(store: Store) -> None:
    asks(store, "r1", opened("r1.1", expires=LATER))

    (card,) = store.open_cards()

    assert (card.card, card.run_id, card.crew, card.source) == ("r1.1", "r1", "brief", "tool_call")
    assert card.opened_at == store.events_of("r1")[1].at
    assert (card.due_at, card.parked) == (LATER, False)


def test_open_cards_come_oldest_first_and_go_when_they_are_answered(store: Store) -> None:
    asks(store, "r2", opened("r2.1"))
    asks(store, "r1", opened("r1.1"), opened("r1.2", "output"))
    store.append("r1", yes("r1.1"))

    assert [card.card for card in store.open_cards()] == ["r2.1", "r1.2"]


def test_a_card_is_opened_once_at_its_place_about_its_subject(store: Store) -> None:
    asks(store, "r1", opened("r1.1", "tool", "aa"))

    for again in (opened("r1.1", "output"), opened("r1.2", "tool", "aa")):
        with pytest.raises(CardExistsError):
            store.append("r1", again)
    store.append("r1", opened("r1.2", "tool", "bb"))

    assert [card.card for card in store.open_cards()] == ["r1.1", "r1.2"]
    assert [record.seq for record in store.events_of("r1")] == [1, 2, 3, 4]


def test_the_same_place_in_another_run_is_another_place(store: Store) -> None:
    asks(store, "r1", opened("r1.1", "tool", "aa"))
    asks(store, "r2", opened("r2.1", "tool", "aa"))

    assert len(store.open_cards()) == 2


def test_the_first_answer_counts_and_a_second_is_refused(store: Store) -> None:
    asks(store, "r1", opened("r1.1"))
    store.append("r1", park("r1.1", LATER))
    store.append("r1", yes("r1.1"))

    for late in (yes("r1.1"), park("r1.1", LATER)):
        with pytest.raises(CardAnsweredError):
            store.append("r1", late)


def test_an_answer_to_no_card_of_the_run_is_refused(store: Store) -> None:
    asks(store, "r1", opened("r1.1"))
    asks(store, "r2", opened("r2.1"))

    with pytest.raises(NotFoundError):
        store.append("r1", yes("r2.1"))


def test_a_run_goes_on_when_all_its_cards_are_answered(store: Store) -> None:
    asks(store, "r1", opened("r1.1"), opened("r1.2", "output"))
    asks(store, "r2", opened("r2.1"))

    store.append("r1", yes("r1.1"))
    assert list(store.answered_runs(NOW)) == []
    store.append("r1", yes("r1.2"))
    assert list(store.answered_runs(NOW)) == ["r1"]


def test_a_run_goes_on_when_one_of_its_cards_expires(store: Store) -> None:
    asks(store, "r1", opened("r1.1", expires=LATER), opened("r1.2", "output"))

    assert list(store.answered_runs(LATER - timedelta(seconds=1))) == []
    assert list(store.answered_runs(LATER)) == ["r1"]


def test_a_parked_card_wakes_its_run_once_when_it_comes_back(store: Store) -> None:
    back = store.append("r0", KickoffRequested(crew="brief", by="ada", host="desk", pid=7)).at
    asks(store, "r1", opened("r1.1"))
    store.append("r1", park("r1.1", back + timedelta(seconds=5)))

    (card,) = store.open_cards()
    assert (card.parked, card.due_at) == (True, back + timedelta(seconds=5))
    assert list(store.answered_runs(back + timedelta(seconds=4))) == []
    assert list(store.answered_runs(back + timedelta(seconds=5))) == ["r1"]
    for _ in range(5):  # time goes on by a second an event
        store.append("r0", RunEnqueued())
    store.append("r1", RunSuspended(cards=("r1.1",)))
    assert list(store.answered_runs(NOW)) == []


def test_a_card_parked_for_good_wakes_nobody(store: Store) -> None:
    asks(store, "r1", opened("r1.1"))
    store.append("r1", park("r1.1", None))

    assert list(store.answered_runs(NOW + timedelta(days=999))) == []


def test_a_run_that_was_taken_up_or_enqueued_or_closed_is_not_called_again(store: Store) -> None:
    for run_id in ("r1", "r2", "r3"):
        asks(store, run_id, opened(f"{run_id}.1"))
        store.append(run_id, yes(f"{run_id}.1"))
    assert list(store.answered_runs(NOW)) == ["r1", "r2", "r3"]

    store.take("r1", "w1")
    store.append("r2", RunEnqueued())
    store.append("r3", RunClosed(outcome="stopped", exit_code=6))

    assert list(store.answered_runs(NOW)) == []


def test_only_the_cards_of_the_last_wait_hold_a_run_up(store: Store) -> None:
    asks(store, "r1", opened("r1.1"))
    store.take("r1", "w1")
    store.append("r1", opened("r1.2", "output"))
    store.append("r1", RunSuspended(cards=("r1.2",)))
    store.append("r1", yes("r1.2"))

    assert list(store.answered_runs(NOW)) == ["r1"]


def test_the_end_of_a_run_withdraws_its_cards(store: Store) -> None:
    asks(store, "r1", opened("r1.1"))
    store.append("r1", RunClosed(outcome="stopped", exit_code=6))

    assert list(store.open_cards()) == []
    with pytest.raises(RunIsClosedError):
        store.append("r1", yes("r1.1"))


# What follows holds for the databases.


def test_of_several_who_answer_at_once_one_is_heard(place: Place) -> None:
    asks(SqlRunStore(place.database()), "r1", opened("r1.1"))
    said: list[str] = []
    start = threading.Barrier(4)

    def answer(name: str) -> None:
        own = SqlRunStore(place.database())
        start.wait()
        try:
            own.append("r1", CardAnswered(card="r1.1", action="approve", by=name))
        except CardAnsweredError:
            return
        said.append(name)

    threads = [threading.Thread(target=answer, args=(f"p{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    answers = [
        r.event for r in SqlRunStore(place.database()).events_of("r1") if r.event.kind == "CardAnswered"
    ]
    assert len(said) == len(answers) == 1


def test_a_thousand_runs_that_wait_are_looked_through_in_a_moment(place: Place) -> None:
    store = SqlRunStore(place.database())
    for number in range(1_000):
        asks(store, f"r{number:04}", opened(f"r{number:04}.1"))
    store.append("r0500", yes("r0500.1"))

    took = []
    for _ in range(5):
        began = time.perf_counter()
        assert list(store.answered_runs(NOW)) == ["r0500"]
        took.append(time.perf_counter() - began)

    print(f"{min(took) * 1000:.1f} ms")  # noqa: T201 - to be read with -s
    assert min(took) < 0.25
