"""How much may wait for people before nothing but people starts runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from crewctl.audit.events_work import Source
from crewctl.audit.port import CardPlace

HELD_BACK: frozenset[Source] = frozenset({"schedule", "trigger", "spool", "webhook"})
"""What starts runs without a person: it would only make a full inbox fuller."""


def held_back(source: Source, cards: Sequence[CardPlace], max_waiting: int, now: datetime) -> str:
    """Return why nothing of this source may begin now; empty when it may. Parked cards do not count."""
    if source not in HELD_BACK:
        return ""
    waiting = sum(1 for card in cards if not is_put_off(card, now))
    if waiting < max_waiting:
        return ""
    return f"{waiting} cards wait for people, and the policy allows {max_waiting}: see crewctl inbox"


def is_put_off(card: CardPlace, now: datetime) -> bool:
    """Tell whether the card is parked and has not come back."""
    return card.parked and (card.due_at is None or now < card.due_at)
