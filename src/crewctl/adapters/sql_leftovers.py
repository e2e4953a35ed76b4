"""What runs have left for people to look at: rows that follow from the events alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from crewctl.adapters.database import Part, Session
from crewctl.audit.events import Event, PersonDecided, RunClosed
from crewctl.audit.events_faults import DeadLettered, DeadLetterSettled
from crewctl.audit.events_people import Acknowledged, CardAnswered, NoticeLeft
from crewctl.audit.port import Leftover, LeftoverKind

LEFTOVERS = Part(
    "leftovers",
    1,
    (
        """CREATE TABLE leftovers (
            run_id TEXT NOT NULL,
            what TEXT NOT NULL,
            card TEXT NOT NULL,
            at TEXT NOT NULL,
            PRIMARY KEY (run_id, what, card)
        )""",
    ),
)


def note_event(session: Session, run_id: str, event: Event, at: datetime) -> None:
    """Keep the rows up with the event that is added in the same transaction."""
    if isinstance(event, NoticeLeft):
        _leave(session, run_id, "notice", "", at)
    elif isinstance(event, CardAnswered) and event.sampled:
        _leave(session, run_id, "sampled", event.card, at)
    elif isinstance(event, DeadLettered):
        _leave(session, run_id, "dead_letter", "", at)
    elif isinstance(event, DeadLetterSettled):
        _settle(session, run_id, "dead_letter", "")
    elif isinstance(event, RunClosed) and event.outcome == "undecided":
        _leave(session, run_id, "undecided", "", at)
    elif isinstance(event, Acknowledged):
        _settle(session, run_id, "sampled" if event.card else "notice", event.card)
    elif isinstance(event, PersonDecided) and event.settled:
        _settle(session, run_id, "undecided", "")


def leftovers(session: Session) -> Sequence[Leftover]:
    """Return everything that nobody has dealt with, oldest first."""
    rows = session.execute(
        "SELECT l.run_id, coalesce(r.crew, ''), l.what, l.card, l.at FROM leftovers l"
        " JOIN runs r ON r.run_id = l.run_id ORDER BY l.at, l.run_id, l.card"
    ).fetchall()
    return tuple(
        Leftover(run_id=run_id, crew=crew, what=what, card=card, at=datetime.fromisoformat(at))
        for run_id, crew, what, card, at in rows
    )


def _leave(session: Session, run_id: str, what: LeftoverKind, card: str, at: datetime) -> None:
    session.execute(
        "INSERT INTO leftovers VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (run_id, what, card, at.astimezone(UTC).isoformat(timespec="microseconds")),
    )


def _settle(session: Session, run_id: str, what: LeftoverKind, card: str) -> None:
    session.execute("DELETE FROM leftovers WHERE run_id=? AND what=? AND card=?", (run_id, what, card))
