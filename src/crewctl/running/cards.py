"""Ask people in the middle of a run: open a card once, and find its answer."""

from __future__ import annotations

import hashlib
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from crewctl.audit.cards import CardState, fold_cards
from crewctl.audit.events import KickoffRequested
from crewctl.audit.events_people import CardAction, CardAnswered, CardOpened, CardSource
from crewctl.audit.port import CardAnsweredError, CardExistsError, ContentStore, RunStore
from crewctl.planning.plan import Plan, PlannedRule
from crewctl.running.card_rules import is_sampled, rule_for
from crewctl.running.port import Clock, Value

_ASKING = threading.Lock()
"""Held while a card is numbered and opened: several steps of a run ask from threads of one process."""

_TRIES = 5


class Asking(Value):
    """What a card is to ask. `key` is its place in the run; `subject` the very bytes decided on.

    Without `expires` the card waits as long as the plan says.
    """

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
    """Where a run's cards are opened and looked for; `rules` of the plan answer some of them at once.

    `replays` are the cards of the run that this one replays: what people answered then is the answer.
    """

    run_id: str
    store: RunStore
    contents: ContentStore
    clock: Clock
    expires: timedelta | None = None
    crew: str = ""
    rules: tuple[PlannedRule, ...] = ()
    replays: tuple[CardState, ...] = ()

    def cards(self) -> tuple[CardState, ...]:
        """Return every card of the run."""
        return fold_cards(self.store.events_of(self.run_id))

    def ask(self, asking: Asking) -> CardState:
        """Return the card at this place about this very subject, opened now unless it is there."""
        for tried in range(_TRIES):
            try:
                with _ASKING:
                    return self._ruled(self._found(asking) or self._opened(asking), asking)
            except CardExistsError:  # another process of ours was quicker
                if tried == _TRIES - 1:
                    raise
        raise AssertionError("the last try returns or raises")

    def answer_to(self, asking: Asking) -> CardAnswered | None:
        """Ask, and return the answer if there is one; a card past its time is answered by ``expire``."""
        state = self.ask(asking)
        if state.answer is None and state.has_expired(self.clock.now()):
            return expire(self.store, self.run_id, state)
        return state.answer

    def _found(self, asking: Asking) -> CardState | None:
        digest = _digest(asking.subject)
        return next(
            (
                card
                for card in self.cards()
                if card.opened.key == asking.key and card.opened.subject_sha256 == digest
            ),
            None,
        )

    def _then(self, state: CardState) -> CardAnswered | None:
        """Return what the replayed run's card at this place, about this very subject, was answered."""
        opened = state.opened
        return next(
            (
                card.answer
                for card in self.replays
                if (card.opened.key, card.opened.subject_sha256) == (opened.key, opened.subject_sha256)
            ),
            None,
        )

    def _opened(self, asking: Asking) -> CardState:
        subject, expires = asking.subject, asking.expires or self.expires
        opened = CardOpened(
            card=f"{self.run_id}.{len(self.cards()) + 1}",
            subject=None if subject is None else self.contents.put(self.run_id, subject),
            subject_sha256=_digest(subject),
            expires_at=None if expires is None else self.clock.now() + expires,
            **asking.model_dump(exclude={"subject", "expires"}),
        )
        return CardState(opened=opened, opened_at=self.store.append(self.run_id, opened).at)

    def _ruled(self, state: CardState, asking: Asking) -> CardState:
        """Let the policy's rules answer a card that nobody has touched."""
        if state.answer is not None or state.parkings:
            return state
        if (then := self._then(state)) is not None:
            self.store.append(self.run_id, then.model_copy(update={"card": state.card}))
            return next(each for each in self.cards() if each.card == state.card)
        rule = rule_for(self.rules, self.crew, state.opened, asking.subject)
        if rule is None:
            return state
        answer = CardAnswered(
            card=state.card,
            action="approve",
            by=f"rule {rule.name}",
            reason=f"everything that the rule {rule.name} asks for holds",
            subject_sha256=state.opened.subject_sha256,
            rule=rule.name,
            sampled=is_sampled(rule, state.opened),
        )
        with suppress(CardAnsweredError):  # a person was quicker
            self.store.append(self.run_id, answer)
        return next(each for each in self.cards() if each.card == state.card)


def desk_of(plan: Plan, run_id: str, store: RunStore, contents: ContentStore, clock: Clock) -> Desk:
    """Return the desk of a run: its cards wait as long as the plan says, and its rules answer."""
    people = plan.people
    first = next((record.event for record in store.events_of(run_id)), None)
    of = first.of if isinstance(first, KickoffRequested) and first.source == "replay" else None
    return Desk(
        run_id=run_id,
        store=store,
        contents=contents,
        clock=clock,
        expires=timedelta(seconds=people.expires),
        crew=plan.crew,
        rules=people.rules,
        replays=() if of is None else fold_cards(store.events_of(of)),
    )


def expire(store: RunStore, run_id: str, state: CardState) -> CardAnswered:
    """Refuse a card whose time is over; return the answer that counts: somebody may have been quicker."""
    said = CardAnswered(card=state.card, action="expire", by="crewctl", reason="nobody answered in time")
    with suppress(CardAnsweredError):
        store.append(run_id, said)
    counts = next(each for each in fold_cards(store.events_of(run_id)) if each.card == state.card)
    return counts.answer or said


def _digest(subject: bytes | None) -> str:
    return "" if subject is None else hashlib.sha256(subject).hexdigest()
