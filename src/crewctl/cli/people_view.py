"""What a run asked people and what they answered, on a screen."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from crewctl.audit.cards import DONE
from crewctl.audit.report import RunReport
from crewctl.audit.report_people import CardDone, PieceDone
from crewctl.audit.word_diff import Piece
from crewctl.cli.amounts import duration, moment
from crewctl.cli.output import heading, pairs, say

_MARKS = {"equal": "{}", "removed": "[-{}-]", "added": "{{+{}+}}"}


def show_people(report: RunReport) -> None:
    """Print every card with who, when and why, and what was changed; then what people were told."""
    for card in report.cards:
        heading(f"Card {card.card}: {said_of(card)}")
        pairs(_facts(card), indent=2)
        if card.difference is not None:
            say(marked(card.difference), indent=2)
        elif card.text is not None:
            say(card.text, indent=2)
    if report.notice is not None:
        heading("Notice")
        seen = f"; {report.notice.seen_by} has looked at it" if report.notice.seen_by else ""
        say(f"{report.notice.about}{seen}", indent=2)


def marked(pieces: Iterable[Piece | PieceDone]) -> str:
    """Return a difference as one text, with marks around what was taken away and what was added."""
    return "".join(_MARKS[piece.kind].format(piece.text) for piece in pieces)


def said_of(card: CardDone) -> str:
    """Say what became of the card, and by whom."""
    if card.action is None:
        return "nobody answered"
    return f"{DONE[card.action]} by {card.by} {when(card.answered_at, card.of_run, card.said_at)}"


def when(at: datetime | None, of_run: str | None, said_at: datetime | None) -> str:
    """Say when a card was answered, and in which run where this one only replays that."""
    return (
        f"on {moment(at)}" if of_run is None else f"on {moment(said_at)} in run {of_run}, which is replayed"
    )


def _facts(card: CardDone) -> list[tuple[str, Any]]:
    place = " ".join(
        part for part in (card.tool or card.task, f"in {card.step}" if card.step else "") if part
    )
    return [
        ("asked", card.asks),
        ("about", f"{card.source.replace('_', ' ')} {place}".strip()),
        ("reason", card.reason or None),
        ("waited", duration(card.waited_seconds) if card.waited_seconds is not None else None),
        *[("parked", f"until {moment(each.until)} by {each.by}: {each.reason}") for each in card.parkings],
        ("instead of", card.instead_of),
        ("digest", card.subject_sha256 or None),
        ("looked at", _looked(card)),
    ]


def _looked(card: CardDone) -> str | None:
    if not card.sampled:
        return None
    return f"by {card.seen_by}" if card.seen_by else "by nobody yet: crewctl inbox"
