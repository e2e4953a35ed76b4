"""Ask people in the middle of a run: open a card once, and find its answer."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from crewctl.audit.cards import CardState, fold_cards
from crewctl.audit.events_people import CardAction, CardAnswered, CardOpened, CardSource
from crewctl.audit.port import ContentStore, RunStore
from crewctl.running.port import Clock, Value


class Asking(Value):
    """What a card is to ask. `key` is its place in the run; `subject` the very bytes decided on."""

    key: str
    source: CardSource
    asks: str
    actions: tuple[CardAction, ...] = ("approve", "amend", "park", "skip")
    step: str = ""
    task: str = ""
    agent: str = ""
    tool: str = ""
    subject: bytes | None = None
    expires: timedelta | None = None
    instead_of: str | None = None


@dataclass(frozen=True)
class Desk:
    """Where a run's cards are opened and looked for."""

    run_id: str
    store: RunStore
    contents: ContentStore
    clock: Clock

    def cards(self) -> tuple[CardState, ...]:
        """Return every card of the run."""
        return fold_cards(self.store.events_of(self.run_id))

    def ask(self, asking: Asking) -> CardState:
        """Return the card at this place about this very subject, opened now unless it is there."""
        digest = "" if asking.subject is None else hashlib.sha256(asking.subject).hexdigest()
        cards = self.cards()
        for card in cards:
            if card.opened.key == asking.key and card.opened.subject_sha256 == digest:
                return card
        now = self.clock.now()
        opened = CardOpened(
            card=f"{self.run_id}.{len(cards) + 1}",
            subject=None if asking.subject is None else self.contents.put(self.run_id, asking.subject),
            subject_sha256=digest,
            expires_at=None if asking.expires is None else now + asking.expires,
            **asking.model_dump(exclude={"subject", "expires"}),
        )
        self.store.append(self.run_id, opened)
        return CardState(opened=opened, opened_at=now)

    def answer_to(self, asking: Asking) -> CardAnswered | None:
        """Ask, and return the answer if there is one; a card past its time is answered by ``expire``."""
        state = self.ask(asking)
        if state.answer is not None:
            return state.answer
        due = state.opened.expires_at
        if due is None or self.clock.now() < due:
            return None
        expired = CardAnswered(
            card=state.card, action="expire", by="crewctl", reason="nobody answered in time"
        )
        self.store.append(self.run_id, expired)
        return expired
