"""How runs ended, read from the ends of their accounts: nobody has to read the whole of them."""

from __future__ import annotations

from pydantic import TypeAdapter, ValidationError

from crewctl.adapters.database import Session
from crewctl.audit.afterwards import CAN_FOLLOW, may_follow
from crewctl.audit.events import Event, Outcome, RunClosed
from crewctl.audit.port import Closing

PAGE = 500
"""Runs that are looked at together: whoever has found enough reads no further."""

_ALL = 1 << 62
_EVENT: TypeAdapter[Event] = TypeAdapter(Event)
_HEADS = (
    "SELECT r.number, r.run_id, r.closed, e.body FROM runs r"
    " JOIN events e ON e.run=r.number AND e.seq=r.last_seq WHERE r.number<?{} ORDER BY r.number DESC LIMIT ?"
)


def closings(session: Session, crew: str | None, below: int | None) -> tuple[list[Closing], int | None]:
    """Return how the newest runs of numbers below `below` ended, newest first, and where to go on below."""
    named = () if crew is None else (crew,)
    heads = _HEADS.format(" AND r.crew=?" if named else "")
    rows = session.execute(heads, (below or _ALL, *named, PAGE)).fetchall()
    found = [
        Closing(run_id=run_id, outcome=_outcome(session, number, body) if closed else None)
        for number, run_id, closed, body in rows
    ]
    return found, int(rows[-1][0]) if len(rows) == PAGE else None


def may_still_come(session: Session, number: int, event: Event) -> bool:
    """Tell whether the event may follow what a closed run's account ends with."""
    if not isinstance(event, CAN_FOLLOW):
        return False
    closing, since = _end(session, number)
    return closing is not None and may_follow(event, closing, since)


def _outcome(session: Session, number: int, last: str) -> Outcome | None:
    """Return how a closed run ended; nearly always the last event says it."""
    closing = _read(last)
    if not isinstance(closing, RunClosed):
        closing, _ = _end(session, number)
    return None if closing is None else closing.outcome


def _end(session: Session, number: int) -> tuple[RunClosed | None, list[Event]]:
    """Return how the run was closed and what came after that; None where a newer crewctl wrote any of it."""
    since: list[Event] = []
    rows = session.execute("SELECT body FROM events WHERE run=? ORDER BY seq DESC", (number,))
    while (row := rows.fetchone()) is not None:
        before = _read(row[0])
        if isinstance(before, RunClosed):
            return before, since[::-1]
        if before is None:
            break
        since.append(before)
    return None, []


def _read(body: str) -> Event | None:
    try:
        return _EVENT.validate_json(body)
    except ValidationError:
        return None
