"""Keep events in the machine state's database: append-only, one sequence per run, shared by all who work."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from crewctl.adapters import sql_cards, sql_leftovers
from crewctl.adapters.database import Database, Part, Session
from crewctl.adapters.sql_cards import CARDS
from crewctl.adapters.sql_closings import closings, may_still_come
from crewctl.adapters.sql_owners import OWNERS, check_owner, keep_for_later, next_epoch
from crewctl.audit.events import Event, KickoffRequested, Recorded, RunClosed, StopRequested, ToolCallStarted
from crewctl.audit.events_people import CardAnswered, CardOpened
from crewctl.audit.events_work import RunEnqueued, RunSuspended, RunTaken
from crewctl.audit.fact import Fact
from crewctl.audit.port import CardPlace, Closing, Leftover, RunExistsError, RunIsClosedError
from crewctl.audit.redaction import Redaction
from crewctl.errors import StoreError
from crewctl.running.ownership import Owner

ACCOUNT = Part(
    "account",
    1,
    (
        """CREATE TABLE runs (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            run_id TEXT NOT NULL UNIQUE,
            crew TEXT,
            last_seq INTEGER NOT NULL,
            closed INTEGER NOT NULL
        )""",
        "CREATE INDEX runs_open ON runs (number) WHERE closed=0",
        """CREATE TABLE events (
            run INTEGER NOT NULL REFERENCES runs,
            seq INTEGER NOT NULL,
            at TEXT NOT NULL,
            body TEXT NOT NULL,
            PRIMARY KEY (run, seq)
        ) WITHOUT ROWID""",
    ),
    append_only=("events",),
)
_PARTS = (ACCOUNT, OWNERS, CARDS, sql_leftovers.LEFTOVERS)
_DURABLE = (
    RunTaken,
    RunEnqueued,
    RunSuspended,
    RunClosed,
    CardOpened,
    CardAnswered,
    StopRequested,
    ToolCallStarted,
)
"""Not even a power cut may undo these: somebody acts on them at once, outside of the database."""

_EVENT: TypeAdapter[Event] = TypeAdapter(Event)


def utc_now() -> datetime:
    """Return the time, aware, in UTC."""
    return datetime.now(UTC)


class SqlRunStore:
    """The RunStore and CardIndex ports over a database. A database that is not there means no runs.

    `secrets` are taken out of every text of an event before it is kept. With an `owner`, nothing is
    added to its run any more once another worker took the run up: FencedError.
    """

    def __init__(
        self,
        database: Database,
        *,
        secrets: Iterable[str] = (),
        now: Callable[[], datetime] = utc_now,
        owner: Owner | None = None,
    ) -> None:
        self._database = database
        self._redaction = Redaction((*secrets, *database.secrets))
        self._now = now
        self._owner = owner

    def append(self, run_id: str, event: Event) -> Recorded:
        """Add one event, committed when this returns; RunIsClosedError where it may not follow a RunClosed."""
        event, body = self._without_secrets(event)
        with self._writing(run_id, durable=isinstance(event, _DURABLE)) as session:
            check_owner(session, run_id, self._owner)
            return self._add(session, run_id, event, body)

    def take(self, run_id: str, executor: str) -> int:
        """Take the run up for the process `executor`, and return the epoch; who had it before is fenced off.

        The event ``RunTaken`` is added in the same transaction. RunIsClosedError if the run is over.
        """
        with self._writing(run_id, durable=True) as session:
            epoch = next_epoch(session, run_id, executor)
            taken = RunTaken(executor=executor, host=socket.gethostname(), pid=os.getpid(), epoch=epoch)
            self._add(session, run_id, *self._without_secrets(taken))
        return epoch

    def events_of(self, run_id: str, *, after: int = 0) -> Sequence[Recorded]:
        """Return the run's events above `after`, in order; StoreError if one is missing or unreadable."""
        rows = self._rows(
            "SELECT seq, at, body FROM events WHERE run=(SELECT number FROM runs WHERE run_id=?) AND seq>? ORDER BY seq",
            run_id,
            after,
        )
        return tuple(self._recorded(run_id, expected, row) for expected, row in enumerate(rows, after + 1))

    def events_of_kinds(self, run_id: str, kinds: tuple[type[Fact], ...]) -> Sequence[Recorded]:
        """Return the run's events of these kinds, in order; StoreError if one of them is unreadable."""
        of_a_kind = " OR ".join("body LIKE ?" for _ in kinds)
        rows = self._rows(
            "SELECT seq, at, body FROM events"  # noqa: S608 - as many places as there are kinds
            f" WHERE run=(SELECT number FROM runs WHERE run_id=?) AND ({of_a_kind}) ORDER BY seq",
            run_id,
            *(f'%"kind":"{kind.__name__}"%' for kind in kinds),
        )
        found = (self._recorded(run_id, int(row[0]), row) for row in rows)
        # What another event holds may be of such a kind, too.
        return tuple(record for record in found if isinstance(record.event, kinds))

    def run_ids(self, *, crew: str | None = None) -> Sequence[str]:
        """Return the ids of all runs, newest first."""
        if crew is None:
            return self._ids("SELECT run_id FROM runs ORDER BY number DESC")
        return self._ids("SELECT run_id FROM runs WHERE crew=? ORDER BY number DESC", crew)

    def closings(self, *, crew: str | None = None) -> Iterator[Closing]:
        """Give how every run ended, newest first, read as far as it is asked for."""
        below: int | None = None
        while self._database.is_there():
            with self._database.reading(*_PARTS) as session:
                found, below = closings(session, crew, below)
            yield from found
            if below is None:
                return

    def open_run_ids(self) -> Sequence[str]:
        """Return the ids of the runs that have no RunClosed, oldest first."""
        return self._ids("SELECT run_id FROM runs WHERE closed=0 ORDER BY number")

    def mortal_run_ids(self) -> Sequence[str]:
        """Return the open runs that end with their process: none was ever enqueued or taken up."""
        return self._ids(
            "SELECT run_id FROM runs WHERE closed=0"
            " AND NOT EXISTS (SELECT 1 FROM run_owners o WHERE o.run_id=runs.run_id) ORDER BY number"
        )

    def queued_runs(self) -> Sequence[str]:
        """Return the runs that were enqueued and that nobody has taken up yet, oldest first."""
        return self._ids(
            "SELECT r.run_id FROM runs r JOIN run_owners o ON o.run_id=r.run_id"
            " WHERE r.closed=0 AND o.epoch=0 ORDER BY r.number"
        )

    def open_cards(self) -> Sequence[CardPlace]:
        """Return every card without an answer, oldest first; parked ones too."""
        if not self._database.is_there():
            return ()
        with self._database.reading(*_PARTS) as session:
            return sql_cards.open_cards(session)

    def answered_runs(self, now: datetime) -> Sequence[str]:
        """Return the suspended runs that can go on, the one that waits longest first."""
        if not self._database.is_there():
            return ()
        with self._database.reading(*_PARTS) as session:
            return sql_cards.answered_runs(session, now)

    def leftovers(self) -> Sequence[Leftover]:
        """Return what runs have left for people to look at, oldest first."""
        if not self._database.is_there():
            return ()
        with self._database.reading(*_PARTS) as session:
            return sql_leftovers.leftovers(session)

    def close(self) -> None:
        """Let go of the database; the next call opens it again."""
        self._database.close()

    def _writing(self, run_id: str, *, durable: bool) -> AbstractContextManager[Session]:
        return self._database.writing(*_PARTS, about=f"run:{run_id}", durable=durable)

    def _add(self, session: Session, run_id: str, event: Event, body: str) -> Recorded:
        run, seq = _next_place(session, run_id, event)
        at = self._now()
        session.execute("INSERT INTO events VALUES (?, ?, ?, ?)", (run, seq, at.isoformat(), body))
        closes = int(isinstance(event, RunClosed))
        session.execute(
            "UPDATE runs SET last_seq=?, closed=CASE WHEN ?=1 THEN 1 ELSE closed END WHERE number=?",
            (seq, closes, run),
        )
        if isinstance(event, RunEnqueued):
            keep_for_later(session, run_id)
        sql_cards.note_event(session, run_id, event, at)
        sql_leftovers.note_event(session, run_id, event, at)
        return Recorded.model_construct(run_id=run_id, seq=seq, at=at, event=event)

    def _rows(self, query: str, *values: str | int) -> list[tuple[Any, ...]]:
        if not self._database.is_there():
            return []
        with self._database.reading(*_PARTS) as session:
            return session.execute(query, values).fetchall()

    def _ids(self, query: str, *values: str) -> tuple[str, ...]:
        return tuple(str(row[0]) for row in self._rows(query, *values))

    def _recorded(self, run_id: str, expected: int, row: tuple[Any, ...]) -> Recorded:
        seq, at, body = row
        if int(seq) != expected:
            raise StoreError(
                f"event {expected} of run {run_id} is missing", help=f"keep {self._database.name} for inquiry"
            )
        try:
            event = _EVENT.validate_json(body)
        except ValidationError as error:
            raise StoreError(
                f"event {seq} of run {run_id} cannot be read: a newer crewctl or another program wrote it",
                help="read this run with the crewctl that made it",
            ) from error
        return Recorded.model_construct(
            run_id=run_id, seq=expected, at=datetime.fromisoformat(at), event=event
        )

    def _without_secrets(self, event: Event) -> tuple[Event, str]:
        body = event.model_dump_json()
        if not self._redaction.finds(body.encode()):
            return event, body
        clean = self._redaction.of_json(event.model_dump(mode="json"))
        event = type(event).model_validate({**clean, "kind": event.kind})
        return event, event.model_dump_json()


def _next_place(session: Session, run_id: str, event: Event) -> tuple[int, int]:
    crew = event.crew if isinstance(event, KickoffRequested) else None
    row = session.execute("SELECT number, last_seq, closed FROM runs WHERE run_id=?", (run_id,)).fetchone()
    if row is None:
        made = session.execute(
            "INSERT INTO runs (run_id, crew, last_seq, closed) VALUES (?, ?, 0, 0) RETURNING number",
            (run_id, crew),
        )
        return int(made.fetchall()[0][0]), 1
    number, last_seq, closed = row
    if closed and not may_still_come(session, number, event):
        raise RunIsClosedError(f"run {run_id} is closed, so {event.kind} cannot be added to its account")
    if crew is not None:
        raise RunExistsError(f"there is a run {run_id} already")
    return number, last_seq + 1
