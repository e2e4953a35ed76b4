"""What people were asked in a run and what they answered, computed from its events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


def fold_cards(records: Sequence[Recorded]) -> tuple[CardState, ...]:
    """Return every card of a run in the order they were opened. The first answer counts."""
    cards: dict[str, CardState] = {}
    for record in records:
        event = record.event
        if isinstance(event, CardOpened):
            cards.setdefault(event.card, CardState(opened=event, opened_at=record.at))
        elif isinstance(event, CardAnswered | Acknowledged) and event.card in cards:
            cards[event.card] = _after(cards[event.card], event, record.at)
    return tuple(cards.values())


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
