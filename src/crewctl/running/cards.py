"""Ask people in the middle of a run: open a card once, and find its answer."""

from __future__ import annotations

import hashlib
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from crewctl.audit.cards import CardState, fold_cards
from crewctl.audit.events_people import CardAction, CardAnswered, CardOpened, CardSource
from crewctl.audit.port import CardAnsweredError, CardExistsError, ContentStore, RunStore
from crewctl.planning.plan import Plan, PlannedRule
from crewctl.running.card_book import CardBook
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

    Of a run that replays another one what people answered then is the answer.
    """

    run_id: str
    store: RunStore
    contents: ContentStore
    clock: Clock
    expires: timedelta | None = None
    crew: str = ""
    rules: tuple[PlannedRule, ...] = ()

    @cached_property
    def book(self) -> CardBook:
        """What the account tells of the run's cards."""
        return CardBook(self.store, self.run_id)

    def cards(self) -> tuple[CardState, ...]:
        """Return every card of the run."""
        return self.book.cards()

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
            return self._answered(_expired(state), state).answer
        return state.answer

    def _found(self, asking: Asking) -> CardState | None:
        return self.book.at(asking.key, _digest(asking.subject))

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
        then = self.book.said_then(state.opened.key, state.opened.subject_sha256)
        if then is not None:
            return self._answered(then.model_copy(update={"card": state.card}), state)
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
        return self._answered(answer, state)

    def _answered(self, answer: CardAnswered, state: CardState) -> CardState:
        with suppress(CardAnsweredError):  # a person was quicker
            self.store.append(self.run_id, answer)
        return self.book.card(state.card) or state


def desk_of(plan: Plan, run_id: str, store: RunStore, contents: ContentStore, clock: Clock) -> Desk:
    """Return the desk of a run: its cards wait as long as the plan says, and its rules answer."""
    people = plan.people
    return Desk(
        run_id=run_id,
        store=store,
        contents=contents,
        clock=clock,
        expires=timedelta(seconds=people.expires),
        crew=plan.crew,
        rules=people.rules,
    )


def expire(store: RunStore, run_id: str, state: CardState) -> CardAnswered:
    """Refuse a card whose time is over; return the answer that counts: somebody may have been quicker."""
    said = _expired(state)
    with suppress(CardAnsweredError):
        store.append(run_id, said)
    counts = next(each for each in fold_cards(store.events_of(run_id)) if each.card == state.card)
    return counts.answer or said


def _expired(state: CardState) -> CardAnswered:
    return CardAnswered(card=state.card, action="expire", by="crewctl", reason="nobody answered in time")


def _digest(subject: bytes | None) -> str:
    return "" if subject is None else hashlib.sha256(subject).hexdigest()
