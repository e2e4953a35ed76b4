"""Which cards are open and which runs they hold up: rows that follow from the events alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from crewctl.adapters.database import Part, Session
from crewctl.audit.events import Event, RunClosed
from crewctl.audit.events_people import CardAnswered, CardOpened
from crewctl.audit.events_work import RunEnqueued, RunSuspended, RunTaken
from crewctl.audit.port import CardAnsweredError, CardExistsError, CardPlace
from crewctl.errors import NotFoundError

CARDS = Part(
    "cards",
    1,
    (
        """CREATE TABLE cards (
            card TEXT PRIMARY KEY,
            run_id TEXT NOT NULL,
            crew TEXT NOT NULL,
            source TEXT NOT NULL,
            place TEXT NOT NULL,
            subject_sha256 TEXT NOT NULL,
            opened_at TEXT NOT NULL,
            expires_at TEXT,
            is_parked INTEGER NOT NULL DEFAULT 0,
            parked_until TEXT,
            is_open INTEGER NOT NULL DEFAULT 1,
            UNIQUE (run_id, place, subject_sha256)
        )""",
        "CREATE INDEX cards_open ON cards (opened_at) WHERE is_open=1",
        "CREATE TABLE suspended_runs (run_id TEXT PRIMARY KEY, suspended_at TEXT NOT NULL)",
        "CREATE TABLE waited_cards (run_id TEXT NOT NULL, card TEXT NOT NULL, PRIMARY KEY (run_id, card))",
    ),
)
"""Every time is UTC text of one length, so that texts compare as times do."""

_ANSWERED = """
    SELECT s.run_id FROM suspended_runs s
    LEFT JOIN waited_cards w ON w.run_id = s.run_id
    LEFT JOIN cards c ON c.card = w.card AND c.is_open = 1
    GROUP BY s.run_id, s.suspended_at
    HAVING count(c.card) = 0 OR sum(CASE
        WHEN c.expires_at <= ? THEN 1
        WHEN c.parked_until <= ? AND c.parked_until > s.suspended_at THEN 1
        ELSE 0 END) > 0
    ORDER BY s.suspended_at, s.run_id"""


def note_event(session: Session, run_id: str, event: Event, at: datetime) -> None:
    """Keep the rows up with the event that is added in the same transaction; its errors refuse the event."""
    if isinstance(event, CardOpened):
        _open(session, run_id, event, at)
    elif isinstance(event, CardAnswered):
        _answer(session, run_id, event)
    elif isinstance(event, RunSuspended):
        _suspend(session, run_id, event, at)
    elif isinstance(event, (RunTaken, RunEnqueued, RunClosed)):
        _go_on(session, run_id)
    if isinstance(event, RunClosed):
        session.execute("UPDATE cards SET is_open=0 WHERE run_id=? AND is_open=1", (run_id,))


def open_cards(session: Session) -> Sequence[CardPlace]:
    """Return every open card, oldest first."""
    rows = session.execute(
        "SELECT card, run_id, crew, source, opened_at, is_parked, parked_until, expires_at"
        " FROM cards WHERE is_open=1 ORDER BY opened_at, card"
    ).fetchall()
    return tuple(
        CardPlace(
            card=card,
            run_id=run_id,
            crew=crew,
            source=source,
            opened_at=datetime.fromisoformat(opened_at),
            due_at=_time(until if parked else expires_at),
            parked=bool(parked),
        )
        for card, run_id, crew, source, opened_at, parked, until, expires_at in rows
    )


def answered_runs(session: Session, now: datetime) -> Sequence[str]:
    """Return the suspended runs that can go on, the one that waits longest first."""
    return tuple(str(row[0]) for row in session.execute(_ANSWERED, (_text(now), _text(now))).fetchall())


def _open(session: Session, run_id: str, event: CardOpened, at: datetime) -> None:
    made = session.execute(
        "INSERT INTO cards (card, run_id, crew, source, place, subject_sha256, opened_at, expires_at)"
        " SELECT ?, run_id, coalesce(crew, ''), ?, ?, ?, ?, ? FROM runs WHERE run_id=?"
        " ON CONFLICT DO NOTHING RETURNING card",
        (
            event.card,
            event.source,
            event.key,
            event.subject_sha256,
            _text(at),
            None if event.expires_at is None else _text(event.expires_at),
            run_id,
        ),
    ).fetchall()
    if not made:
        raise CardExistsError(f"run {run_id} has card {event.card}, or one at {event.key} about the same")


def _answer(session: Session, run_id: str, event: CardAnswered) -> None:
    row = session.execute(
        "SELECT is_open FROM cards WHERE card=? AND run_id=?", (event.card, run_id)
    ).fetchone()
    if row is None:
        raise NotFoundError(f"run {run_id} has no card {event.card}", help="see: crewctl inbox")
    if not row[0]:
        raise CardAnsweredError(
            f"card {event.card} has been answered", help=f"see: crewctl card show {event.card}"
        )
    if event.action == "park":
        until = None if event.until is None else _text(event.until)
        expires = None if event.expires_at is None else _text(event.expires_at)
        session.execute(
            "UPDATE cards SET is_parked=1, parked_until=?, expires_at=coalesce(?, expires_at) WHERE card=?",
            (until, expires, event.card),
        )
    else:
        session.execute("UPDATE cards SET is_open=0 WHERE card=?", (event.card,))


def _suspend(session: Session, run_id: str, event: RunSuspended, at: datetime) -> None:
    _go_on(session, run_id)
    session.execute("INSERT INTO suspended_runs VALUES (?, ?)", (run_id, _text(at)))
    for card in dict.fromkeys(event.cards):
        session.execute("INSERT INTO waited_cards VALUES (?, ?)", (run_id, card))


def _go_on(session: Session, run_id: str) -> None:
    session.execute("DELETE FROM waited_cards WHERE run_id=?", (run_id,))
    session.execute("DELETE FROM suspended_runs WHERE run_id=?", (run_id,))


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
