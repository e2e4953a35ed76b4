"""The report's page on people: what the run asked them, what they answered, and what they changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from crewctl.audit.cards import CardState, fold_cards
from crewctl.audit.events import Recorded
from crewctl.audit.events_people import Acknowledged, CardAction, CardSource, NoticeLeft
from crewctl.audit.fact import ContentRef, Fact
from crewctl.audit.word_diff import Piece, word_diff

Text = Callable[[ContentRef | None], str | None]


class PieceDone(Fact):
    """A part of a difference: it stayed, was taken away, or was added."""

    kind: Literal["equal", "removed", "added"]
    text: str


class ParkingDone(Fact):
    """A card was put off."""

    at: datetime
    by: str
    reason: str
    until: datetime | None


def _is_none(value: object) -> bool:
    return value is None


class CardDone(Fact):
    """What the run asked people. `subject` are the bytes that were decided on, as text; of a plan it is None.

    `action` None means that nobody answered; `by` a rule is ``rule NAME``. `waited_seconds` is from the
    opening of the card to its answer. `text` is an amendment, and `difference` what it changed, word by
    word, of a call's arguments in one spelling: None where nothing was changed, where a text has been
    erased, or where both are too long.
    `seen_by` is who looked at a sampled answer of a rule. In a replay the answer was given in `of_run` at
    `said_at`; `answered_at` is only when it was taken over, and nobody was waited for. Elsewhere those two are left out.
    """

    card: str
    source: CardSource
    asks: str
    step: str
    task: str
    agent: str
    tool: str
    instead_of: str | None
    opened_at: datetime
    expires_at: datetime | None
    subject: str | None
    subject_sha256: str
    parkings: tuple[ParkingDone, ...]
    action: CardAction | None
    by: str
    reason: str
    answered_at: datetime | None
    waited_seconds: float | None
    # Left out where there is none, so that reports from before replays told of it stay as they were written.
    of_run: Annotated[str | None, Field(exclude_if=_is_none)] = None
    said_at: Annotated[datetime | None, Field(exclude_if=_is_none)] = None
    rule: str
    sampled: bool
    seen_by: str | None
    text: str | None
    difference: tuple[PieceDone, ...] | None


class NoticeDone(Fact):
    """What people were told of instead of being asked; `seen_by` is who has looked at it."""

    about: str
    at: datetime
    seen_by: str | None


def cards_done(records: Sequence[Recorded], text: Text) -> tuple[CardDone, ...]:
    """Return every card of the run, in the order in which they were opened."""
    return tuple(_card(state, text) for state in fold_cards(records))


def notice_done(records: Sequence[Recorded]) -> NoticeDone | None:
    """Return the notice that the run left."""
    left = next((record for record in records if isinstance(record.event, NoticeLeft)), None)
    if left is None or not isinstance(left.event, NoticeLeft):
        return None
    seen = (r.event for r in records if isinstance(r.event, Acknowledged) and not r.event.card)
    looked = next(seen, None)
    return NoticeDone(about=left.event.about, at=left.at, seen_by=looked.by if looked else None)


class Left(NamedTuple):
    """What a person left of a step: on which card, and the text in its output's place, if there is one."""

    card: str
    text: ContentRef | None


def outputs_left(records: Sequence[Recorded]) -> dict[str, Left]:
    """Return, by step, what people decided about its output, or put in the place of one that failed."""
    left: dict[str, Left] = {}
    for state in fold_cards(records):
        said, step = state.answer, state.opened.step
        decides = state.opened.source == "output"
        stands_in = state.opened.source == "failed_step" and said is not None and said.action == "amend"
        if said is not None and (decides or stands_in):
            before = left[step].text if step in left else None
            left[step] = Left(state.card, said.text if said.action == "amend" else before)
    return left


def changed_words(source: CardSource, before: str | None, after: str | None) -> list[Piece] | None:
    """Return what an amendment changed, word by word; None where there is nothing to compare it with.

    What came of a call that may have happened stands beside its arguments, not in their place.
    """
    if before is None or after is None or source not in ("output", "tool_call"):
        return None
    return word_diff(comparable(source, before), comparable(source, after))


def comparable(source: CardSource, text: str) -> str:
    """Return a text as it is compared: of a call's arguments what they say, not how they are written."""
    if source != "tool_call":
        return text
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return json.dumps(said, ensure_ascii=False, indent=2, sort_keys=True)


def _card(state: CardState, text: Text) -> CardDone:
    opened, said = state.opened, state.answer
    subject = None if opened.source == "approval" else text(opened.subject)
    amended = text(said.text) if said else None
    return CardDone(
        card=opened.card,
        source=opened.source,
        asks=opened.asks,
        step=opened.step,
        task=opened.task,
        agent=opened.agent,
        tool=opened.tool,
        instead_of=opened.instead_of,
        opened_at=state.opened_at,
        expires_at=state.expires_at,
        subject=subject,
        subject_sha256=opened.subject_sha256,
        parkings=tuple(
            ParkingDone(at=each.at, by=each.said.by, reason=each.said.reason, until=each.said.until)
            for each in state.parkings
        ),
        action=said.action if said else None,
        by=said.by if said else "",
        reason=said.reason if said else "",
        answered_at=state.answered_at,
        waited_seconds=_waited(state),
        of_run=said.of_run if said else None,
        said_at=said.said_at if said else None,
        rule=said.rule if said else "",
        sampled=said.sampled if said else False,
        seen_by=state.seen.by if state.seen else None,
        text=amended,
        difference=_difference(state, subject, amended),
    )


def _waited(state: CardState) -> float | None:
    if state.answered_at is None or (state.answer and state.answer.of_run):  # nobody was asked anew
        return None
    return round(max(0.0, (state.answered_at - state.opened_at).total_seconds()), 6)


def _difference(state: CardState, before: str | None, after: str | None) -> tuple[PieceDone, ...] | None:
    pieces = changed_words(state.opened.source, before, after)
    return None if pieces is None else tuple(PieceDone(kind=kind, text=said) for kind, said in pieces)
