"""The stores of the account in memory, held to the same contract as the real ones."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from crewctl.audit.afterwards import may_follow
from crewctl.audit.cards import CardState, fold_cards
from crewctl.audit.events import Event, KickoffRequested, Recorded, RunClosed
from crewctl.audit.events_people import CardAnswered, CardOpened
from crewctl.audit.events_work import RunEnqueued, RunSuspended, RunTaken
from crewctl.audit.fact import ContentRef, Fact
from crewctl.audit.port import CardAnsweredError, CardExistsError, CardPlace, Leftover, RunIsClosedError
from crewctl.errors import NotFoundError
from crewctl.testing.fake_leftovers import leftovers_of

_BEGINNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def ticking(start: datetime = _BEGINNING, step: timedelta = timedelta(seconds=1)) -> Callable[[], datetime]:
    """Return a clock that moves on by `step` whenever it is read."""
    times = iter(range(10**9))
    return lambda: start + step * next(times)


class FakeRunStore:
    """The RunStore port over a dict; its clock moves one second an event."""

    def __init__(self, now: Callable[[], datetime] | None = None) -> None:
        self._now = now or ticking()
        self._runs: dict[str, list[Recorded]] = {}
        self._lock = threading.Lock()

    def append(self, run_id: str, event: Event) -> Recorded:
        """Add one event; RunIsClosedError after a RunClosed, but for what people decide."""
        with self._lock:
            kept = self._runs.setdefault(run_id, [])
            events = [record.event for record in kept]
            end = next((n for n, each in enumerate(events) if isinstance(each, RunClosed)), None)
            closed = None if end is None else events[end]
            if isinstance(closed, RunClosed) and not may_follow(event, closed, events[(end or 0) + 1 :]):
                raise RunIsClosedError(
                    f"run {run_id} is closed, so {event.kind} cannot be added to its account"
                )
            _refuse(run_id, event, fold_cards(kept), [*self._all_cards()])
            recorded = Recorded(run_id=run_id, seq=len(kept) + 1, at=self._now(), event=event)
            kept.append(recorded)
            return recorded

    def take(self, run_id: str, executor: str) -> int:
        """Take the run up for the process `executor`, and return the epoch."""
        before = [event for event in self.events(run_id) if isinstance(event, RunTaken)]
        taken = RunTaken(executor=executor, host="desk", pid=7, epoch=len(before) + 1)
        self.append(run_id, taken)
        return taken.epoch

    def events_of(self, run_id: str, *, after: int = 0) -> Sequence[Recorded]:
        """Return the run's events above `after`, in order."""
        return tuple(self._runs.get(run_id, ())[after:])

    def events_of_kinds(self, run_id: str, kinds: tuple[type[Fact], ...]) -> Sequence[Recorded]:
        """Return the run's events of these kinds, in order."""
        return tuple(record for record in self.events_of(run_id) if isinstance(record.event, kinds))

    def run_ids(self, *, crew: str | None = None) -> Sequence[str]:
        """Return the ids of all runs, newest first."""
        return tuple(run for run in reversed(self._runs) if crew is None or self._crew(run) == crew)

    def open_run_ids(self) -> Sequence[str]:
        """Return the ids of the runs that have no RunClosed, oldest first."""
        return tuple(
            run
            for run, kept in self._runs.items()
            if not any(isinstance(record.event, RunClosed) for record in kept)
        )

    def open_cards(self) -> Sequence[CardPlace]:
        """Return every card without an answer, oldest first; parked ones too."""
        still = set(self.open_run_ids())
        places = [
            _place(run_id, self._crew(run_id) or "", card)
            for run_id, card in self._all_cards()
            if card.answer is None and run_id in still
        ]
        return tuple(sorted(places, key=lambda place: (place.opened_at, place.card)))

    def answered_runs(self, now: datetime) -> Sequence[str]:
        """Return the suspended runs that can go on, the one that waits longest first."""
        waits = [
            (last.at, run_id)
            for run_id in self.open_run_ids()
            if (last := _last_work(self._runs[run_id])) and isinstance(last.event, RunSuspended)
            if _goes_on(last, fold_cards(self._runs[run_id]), now)
        ]
        return tuple(run_id for _, run_id in sorted(waits))

    def leftovers(self) -> Sequence[Leftover]:
        """Return what runs have left for people to look at, oldest first."""
        found = [
            each
            for run_id, records in self._runs.items()
            for each in leftovers_of(run_id, self._crew(run_id) or "", records)
        ]
        return tuple(sorted(found, key=lambda each: (each.at, each.run_id, each.card)))

    def events(self, run_id: str) -> list[Event]:
        """Return the bare events of a run, for a test to look at."""
        return [recorded.event for recorded in self.events_of(run_id)]

    def _crew(self, run_id: str) -> str | None:
        requests = (kept.event for kept in self._runs[run_id] if isinstance(kept.event, KickoffRequested))
        return next((request.crew for request in requests), None)

    def _all_cards(self) -> Iterator[tuple[str, CardState]]:
        return ((run_id, card) for run_id, kept in self._runs.items() for card in fold_cards(kept))


def _refuse(
    run_id: str, event: Event, own: Sequence[CardState], cards: Sequence[tuple[str, CardState]]
) -> None:
    if isinstance(event, CardOpened):
        place = (event.key, event.subject_sha256)
        if any(place == (card.opened.key, card.opened.subject_sha256) for card in own) or any(
            event.card == card.card for _, card in cards
        ):
            raise CardExistsError(f"run {run_id} has card {event.card}, or one at {event.key} about the same")
    if isinstance(event, CardAnswered):
        found = next((card for card in own if card.card == event.card), None)
        if found is None:
            raise NotFoundError(f"run {run_id} has no card {event.card}")
        if found.answer is not None:
            raise CardAnsweredError(f"card {event.card} has been answered")


def _place(run_id: str, crew: str, card: CardState) -> CardPlace:
    return CardPlace(
        card=card.card,
        run_id=run_id,
        crew=crew,
        source=card.opened.source,
        opened_at=card.opened_at,
        due_at=card.parked.until if card.parked else card.expires_at,
        parked=card.parked is not None,
    )


def _last_work(kept: Sequence[Recorded]) -> Recorded | None:
    work = (RunEnqueued, RunTaken, RunSuspended)
    return next((record for record in reversed(kept) if isinstance(record.event, work)), None)


def _goes_on(wait: Recorded, cards: Sequence[CardState], now: datetime) -> bool:
    waited = wait.event.cards if isinstance(wait.event, RunSuspended) else ()
    still = [card for card in cards if card.card in waited and card.answer is None]
    expired = any(card.expires_at is not None and card.expires_at <= now for card in still)
    parked = [card.parked.until for card in still if card.parked and card.parked.until]
    return not still or expired or any(wait.at < until <= now for until in parked)


class FakeContentStore:
    """The ContentStore port over a dict."""

    def __init__(self) -> None:
        self._contents: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def put(self, run_id: str, content: bytes) -> ContentRef:
        """Keep `content`; ids are counted, so that a test can foresee them."""
        with self._lock:
            ref = ContentRef(id=f"{run_id}/{len(self._contents):032x}", size=len(content))
            self._contents[ref.id] = content
            return ref

    def get(self, ref: ContentRef) -> bytes:
        """Return what was put; NotFoundError when it has been erased."""
        try:
            return self._contents[ref.id]
        except KeyError:
            raise NotFoundError(f"content {ref.id} has been erased or was never kept") from None

    def text(self, ref: ContentRef | None) -> str:
        """Return what was put as text, for a test to look at; empty for no reference."""
        return "" if ref is None else self.get(ref).decode()

    def erase(self, run_id: str) -> int:
        """Remove every content of a run and return how many there were."""
        with self._lock:
            gone = [key for key in self._contents if key.startswith(f"{run_id}/")]
            for key in gone:
                del self._contents[key]
            return len(gone)
