"""What people were asked in a run and what they answered, computed from its events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from crewctl.audit.events import Recorded, RunClosed
from crewctl.audit.events_people import Acknowledged, CardAction, CardAnswered, CardOpened
from crewctl.audit.fact import Fact

DONE: Mapping[CardAction, str] = {
    "approve": "approved",
    "amend": "amended",
    "park": "parked",
    "skip": "skipped",
    "expire": "refused",
}
"""What an action has made of its card, in a word."""


class Parking(Fact):
    """A card was put off, and when."""

    at: datetime
    said: CardAnswered


class CardState(Fact):
    """A card as the events tell it: `answer` is the one that counts, `parkings` every putting off, in order.

    `seen` says that a person has looked at the answer that a rule gave.
    """

    opened: CardOpened
    opened_at: datetime
    answer: CardAnswered | None = None
    answered_at: datetime | None = None
    parkings: tuple[Parking, ...] = ()
    seen: Acknowledged | None = None

    @property
    def card(self) -> str:
        """The card's id."""
        return self.opened.card

    @property
    def parked(self) -> CardAnswered | None:
        """The last putting off, as long as nobody has answered."""
        return self.parkings[-1].said if self.parkings and self.answer is None else None

    @property
    def back_at(self) -> datetime | None:
        """When a parked card comes back."""
        return self.parked.until if self.parked else None

    @property
    def expires_at(self) -> datetime | None:
        """When it is refused unless somebody answers: whoever puts it off says until when anew."""
        return (self.parked.expires_at if self.parked else None) or self.opened.expires_at

    def is_parked(self, now: datetime) -> bool:
        """Tell whether the card is put off and has not come back yet."""
        return self.back_at is not None and now < self.back_at

    def has_expired(self, now: datetime) -> bool:
        """Tell whether its time is over without an answer."""
        return self.answer is None and self.expires_at is not None and now >= self.expires_at


class CardFold:
    """Folds events as they come into the cards of a run. The first answer to a card counts."""

    def __init__(self) -> None:
        self.seq = 0
        self._cards: dict[str, CardState] = {}
        self._places: dict[tuple[str, str], str] = {}

    def add(self, records: Iterable[Recorded]) -> None:
        """Take further events, in their order."""
        for record in records:
            self.seq, event = record.seq, record.event
            if isinstance(event, CardOpened):
                self._cards.setdefault(event.card, CardState(opened=event, opened_at=record.at))
                self._places.setdefault((event.key, event.subject_sha256), event.card)
            elif isinstance(event, CardAnswered | Acknowledged) and event.card in self._cards:
                self._cards[event.card] = _after(self._cards[event.card], event, record.at)

    @property
    def cards(self) -> tuple[CardState, ...]:
        """Every card, in the order they were opened."""
        return tuple(self._cards.values())

    def card(self, card: str) -> CardState | None:
        """Return a card by its id."""
        return self._cards.get(card)

    def at(self, key: str, subject_sha256: str) -> CardState | None:
        """Return the card at this place of the run about this very subject."""
        return self._cards.get(self._places.get((key, subject_sha256), ""))


def fold_cards(records: Iterable[Recorded]) -> tuple[CardState, ...]:
    """Return every card of a run in the order they were opened."""
    fold = CardFold()
    fold.add(records)
    return fold.cards


def is_over(records: Sequence[Recorded]) -> bool:
    """Tell whether the run is closed: then none of its cards can be answered any more."""
    return any(isinstance(record.event, RunClosed) for record in records)


def _after(state: CardState, event: CardAnswered | Acknowledged, at: datetime) -> CardState:
    if isinstance(event, Acknowledged):
        return state if state.seen else state.model_copy(update={"seen": event})
    if state.answer is not None:
        return state
    if event.action == "park":
        return state.model_copy(update={"parkings": (*state.parkings, Parking(at=at, said=event))})
    return state.model_copy(update={"answer": event, "answered_at": at})
