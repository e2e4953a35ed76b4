"""The line of an answer: from a person's word on a card, over what it may be, to the account."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from crewctl.approval.port import Approvals
from crewctl.approval.statement import Approver
from crewctl.audit.cards import DONE, CardState, fold_cards, is_over
from crewctl.audit.events import Recorded
from crewctl.audit.events_people import CardAnswered
from crewctl.audit.port import CardAnsweredError, ContentStore, RunIsClosedError, RunStore
from crewctl.audit.reasons import checked_reason
from crewctl.audit.redaction import Redaction
from crewctl.errors import CrewctlError, NotFoundError, UsageError
from crewctl.planning.kept_plan import plan_of
from crewctl.registry.amendments import amendment, opened_instead
from crewctl.registry.card_approval import Given, approved
from crewctl.registry.four_eyes import refuse_who_asked, request_of
from crewctl.registry.subjects import seen_subject
from crewctl.running.cards import expire
from crewctl.running.port import Clock, Value

LONGEST_PARK = timedelta(days=366)

Action = Literal["approve", "amend", "park", "skip"]


@dataclass(frozen=True)
class CardRooms:
    """What answering a card of one run needs; `hidden` are values that may stand in no account."""

    run_id: str
    store: RunStore
    contents: ContentStore
    clock: Clock
    approvals: Approvals
    approver: Approver
    hidden: Redaction = field(default_factory=lambda: Redaction(()))

    @property
    def records(self) -> Sequence[Recorded]:
        """The run's account as it is now."""
        return self.store.events_of(self.run_id)


class Word(Value):
    """What a person says about a card.

    `seen` is the digest of what the person was shown, or the beginning of it; empty is no digest that
    was seen, and then it is what is shown now that is answered. `text` is an amendment, `until` when a
    parked card comes back.
    """

    card: str
    action: Action
    by: str
    reason: str
    seen: str = ""
    text: bytes | None = None
    until: datetime | None = None


class Answered(Value):
    """What a word came to. `instead` is the card that asks about an amendment; `statement` the file of an approval.

    `left` are the run's cards that still wait.
    """

    run_id: str
    crew: str
    state: CardState
    answer: CardAnswered
    instead: str | None = None
    statement: str | None = None
    left: tuple[str, ...] = ()


def answer(rooms: CardRooms, word: Word) -> Answered:
    """Write a person's answer down; CrewctlError says why it cannot be one, and the first one counts."""
    records = rooms.records
    state = card_in(records, word.card)
    _refuse(rooms, records, state, word)
    subject = seen_subject(state, rooms.contents, word.seen, needed=word.action in ("approve", "amend"))
    said = _said(rooms, state, word)
    text = None
    if word.action == "amend":
        text = amendment(state, subject, word.text or b"", rooms.hidden)
        said = said.model_copy(update=text.kept(rooms.contents, rooms.run_id))
    given = None
    if state.opened.source == "approval" and word.action == "approve" and subject is not None:
        # Of the very person who answers: the gate compares this name with who asked for the run.
        approver = rooms.approver.model_copy(update={"name": word.by})
        given = approved(subject, rooms.approvals, approver, said.reason, rooms.clock.now())
    statement = _written(rooms, state, said, given)
    instead = None
    if text is not None and state.opened.source == "tool_call":
        instead = opened_instead(state, text.content, plan_of(records, rooms.contents), rooms)
    after = fold_cards(rooms.records)
    return Answered(
        run_id=rooms.run_id,
        crew=request_of(records).crew,
        state=next(each for each in after if each.card == state.card),
        answer=said,
        instead=instead,
        statement=statement,
        left=tuple(each.card for each in after if each.answer is None),
    )


def card_in(records: Sequence[Recorded], card: str) -> CardState:
    """Return a card of a run by its id; NotFoundError."""
    found = next((state for state in fold_cards(records) if state.card == card), None)
    if found is None:
        raise NotFoundError(f"there is no card '{card}'", help="see the cards with: crewctl inbox")
    return found


def _refuse(rooms: CardRooms, records: Sequence[Recorded], state: CardState, word: Word) -> None:
    """Refuse a word that comes too late, from the wrong person, or that this card does not take."""
    if state.answer is not None:
        raise answered_already(state)
    if is_over(records):
        raise CrewctlError(
            f"run {rooms.run_id} is over, so its card {state.card} needs no answer any more",
            help=f"see what became of it with: crewctl runs show {rooms.run_id}",
        )
    if state.has_expired(rooms.clock.now()):
        with suppress(RunIsClosedError):
            expire(rooms.store, rooms.run_id, state)
        raise CardAnsweredError(
            f"card {state.card} expired on {_minute(state.expires_at)}: nobody answered in time",
            help=f"see what becomes of its run with: crewctl runs show {rooms.run_id}",
        )
    if word.action not in state.opened.actions:
        raise UsageError(
            f"nobody can {word.action} card {state.card}",
            help=f"it takes: {', '.join(state.opened.actions)}",
        )
    refuse_who_asked(
        records,
        rooms.contents,
        word.by,
        what=f"answer card {state.card}",
        look=f"crewctl card show {state.card}",
    )


def answered_already(state: CardState) -> CardAnsweredError:
    """Return the refusal of a second answer, which says who gave the first."""
    said = state.answer
    if said is None:
        raise AssertionError("only an answered card refuses for this")
    return CardAnsweredError(
        f"card {state.card} has its answer: {DONE[said.action]} by {said.by} on {_minute(said.said_at or state.answered_at)}"
        + (f" in run {said.of_run}, which is replayed" if said.of_run else "")
        + (f": {said.reason}" if said.reason else ""),
        help=f"see it with: crewctl card show {state.card}",
    )


def _said(rooms: CardRooms, state: CardState, word: Word) -> CardAnswered:
    reason = rooms.hidden.of_text(checked_reason(word.reason))
    said = CardAnswered(
        card=state.card,
        action=word.action,
        by=word.by,
        reason=reason,
        subject_sha256=state.opened.subject_sha256,
    )
    if word.action != "park":
        return said
    now = rooms.clock.now()
    if word.until is None or not now < word.until <= now + LONGEST_PARK:
        raise UsageError(
            f"a card is parked until a moment to come, at most {LONGEST_PARK.days} days ahead",
            help="say until when: --until 2d, or --until 2026-12-01",
        )
    first = state.opened.expires_at
    expires = None if first is None else word.until + (first - state.opened_at)
    return said.model_copy(update={"until": word.until, "expires_at": expires})


def _written(rooms: CardRooms, state: CardState, said: CardAnswered, given: Given | None) -> str | None:
    """Write the answer and return its statement's file; where somebody was quicker, nothing of this one stands."""
    statement = None if given is None else given.write(rooms.approvals)
    try:
        rooms.store.append(rooms.run_id, said)
    except CardAnsweredError:
        counts = card_in(rooms.records, state.card)
    except RunIsClosedError:
        counts = None
    else:
        counts = card_in(rooms.records, state.card)
        if said.action == "park" or counts.answer == said:
            return statement
    if given is not None:
        given.take_back(rooms.approvals, rooms.clock.now())
    if counts is None:
        raise CrewctlError(
            f"run {rooms.run_id} has just ended, so card {state.card} needs no answer any more"
        )
    raise answered_already(counts)


def _minute(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"
