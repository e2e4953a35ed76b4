"""What people were asked in a run and what they answered, computed from its events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from crewctl.audit.events import Recorded
from crewctl.audit.events_people import CardAnswered, CardOpened
from crewctl.audit.fact import Fact

FINAL = ("approve", "amend", "skip", "expire")
"""The actions that answer a card; a parked one comes back."""


class CardState(Fact):
    """A card as the events tell it: `answer` is the one that counts, `parked` the last putting off."""

    opened: CardOpened
    opened_at: datetime
    answer: CardAnswered | None = None
    answered_at: datetime | None = None
    parked: CardAnswered | None = None

    @property
    def card(self) -> str:
        """The card's id."""
        return self.opened.card


def fold_cards(records: Sequence[Recorded]) -> tuple[CardState, ...]:
    """Return every card of a run in the order they were opened. The first answer counts."""
    cards: dict[str, CardState] = {}
    for record in records:
        event = record.event
        if isinstance(event, CardOpened):
            cards.setdefault(event.card, CardState(opened=event, opened_at=record.at))
        elif isinstance(event, CardAnswered) and event.card in cards:
            state = cards[event.card]
            if state.answer is not None:
                continue
            if event.action == "park":
                cards[event.card] = state.model_copy(update={"parked": event})
            else:
                update = {"answer": event, "answered_at": record.at, "parked": None}
                cards[event.card] = state.model_copy(update=update)
    return tuple(cards.values())
