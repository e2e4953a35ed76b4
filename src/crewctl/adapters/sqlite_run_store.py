"""Keep events in SQLite: append-only, one sequence per run, shared by threads and processes."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from crewctl.adapters.database import connect, explained, prepare, writing
from crewctl.audit.afterwards import CAN_FOLLOW, may_follow
from crewctl.audit.events import Event, KickoffRequested, Recorded, RunClosed
from crewctl.audit.port import RunIsClosedError
from crewctl.audit.redaction import Redaction
from crewctl.errors import StoreError

_VERSION = 1
_TABLES = (
    """CREATE TABLE runs (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        run_id TEXT NOT NULL UNIQUE,
        crew TEXT,
        last_seq INTEGER NOT NULL,
        closed INTEGER NOT NULL
    )""",
    "CREATE INDEX runs_open ON runs (number) WHERE NOT closed",
    """CREATE TABLE events (
        run INTEGER NOT NULL REFERENCES runs,
        seq INTEGER NOT NULL,
        at TEXT NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (run, seq)
    ) WITHOUT ROWID""",
    # Whoever opens the file with another tool is told the same: what happened is not edited.
    "CREATE TRIGGER events_stay BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END",
    "CREATE TRIGGER events_remain BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END",
)
_EVENT: TypeAdapter[Event] = TypeAdapter(Event)


def utc_now() -> datetime:
    """Return the time, aware, in UTC."""
    return datetime.now(UTC)


class SqliteRunStore:
    """The RunStore port over one file. A missing file means no runs; the first append makes it.

    `secrets` are taken out of every text of an event before it is kept.
    """

    def __init__(
        self, path: Path, *, secrets: Iterable[str] = (), now: Callable[[], datetime] = utc_now
    ) -> None:
        self._path = path
        self._redaction = Redaction(secrets)
        self._now = now
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._pid = 0

    def append(self, run_id: str, event: Event) -> Recorded:
        """Add one event, committed when this returns; RunIsClosedError where it may not follow a RunClosed."""
        event, body = self._without_secrets(event)
        with self._lock, explained(self._path):
            connection = self._connected()
            with writing(connection):
                run, seq = _next_place(connection, run_id, event)
                at = self._now()
                connection.execute("INSERT INTO events VALUES (?, ?, ?, ?)", (run, seq, at.isoformat(), body))
                connection.execute(
                    "UPDATE runs SET last_seq=?, closed=max(closed, ?) WHERE number=?",
                    (seq, isinstance(event, RunClosed), run),
                )
        return Recorded.model_construct(run_id=run_id, seq=seq, at=at, event=event)

    def events_of(self, run_id: str, *, after: int = 0) -> Sequence[Recorded]:
        """Return the run's events above `after`, in order; StoreError if one is missing or unreadable."""
        rows = self._rows(
            "SELECT seq, at, body FROM events WHERE run=(SELECT number FROM runs WHERE run_id=?) AND seq>? ORDER BY seq",
            (run_id, after),
        )
        return tuple(self._recorded(run_id, expected, row) for expected, row in enumerate(rows, after + 1))

    def run_ids(self, *, crew: str | None = None) -> Sequence[str]:
        """Return the ids of all runs, newest first."""
        rows = self._rows("SELECT run_id FROM runs WHERE ?1 IS NULL OR crew=?1 ORDER BY number DESC", (crew,))
        return tuple(row[0] for row in rows)

    def open_run_ids(self) -> Sequence[str]:
        """Return the ids of the runs that have no RunClosed, oldest first."""
        rows = self._rows("SELECT run_id FROM runs WHERE NOT closed ORDER BY number", ())
        return tuple(row[0] for row in rows)

    def close(self) -> None:
        """Let go of the file; the next call opens it again."""
        with self._lock:
            if self._connection is not None and self._pid == os.getpid():
                self._connection.close()
            self._connection = None

    def _connected(self) -> sqlite3.Connection:
        # A connection must not be used on both sides of a fork.
        if self._connection is None or self._pid != os.getpid():
            self._connection = connect(self._path)
            self._pid = os.getpid()
            prepare(self._connection, self._path, "account", _VERSION, _TABLES)
        return self._connection

    def _rows(self, query: str, values: tuple[str | int | None, ...]) -> list[tuple[str, ...]]:
        with self._lock, explained(self._path):
            if self._connection is None and not self._path.exists():
                return []
            return self._connected().execute(query, values).fetchall()

    def _recorded(self, run_id: str, expected: int, row: tuple[str, ...]) -> Recorded:
        seq, at, body = row
        if int(seq) != expected:
            raise StoreError(
                f"event {expected} of run {run_id} is missing", help="keep .crewctl/crewctl.db for inquiry"
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


def _next_place(connection: sqlite3.Connection, run_id: str, event: Event) -> tuple[int, int]:
    crew = event.crew if isinstance(event, KickoffRequested) else None
    row = connection.execute("SELECT number, last_seq, closed FROM runs WHERE run_id=?", (run_id,)).fetchone()
    if row is None:
        made = connection.execute("INSERT INTO runs VALUES (NULL, ?, ?, 0, 0)", (run_id, crew))
        return int(made.lastrowid or 0), 1
    number, last_seq, closed = row
    if closed and not _may_follow(connection, number, event):
        raise RunIsClosedError(f"run {run_id} is closed, so {event.kind} cannot be added to its account")
    if crew is not None:
        connection.execute("UPDATE runs SET crew=? WHERE number=?", (crew, number))
    return number, last_seq + 1


def _may_follow(connection: sqlite3.Connection, number: int, event: Event) -> bool:
    if not isinstance(event, CAN_FOLLOW):
        return False
    since: list[Event] = []
    for (body,) in connection.execute("SELECT body FROM events WHERE run=? ORDER BY seq DESC", (number,)):
        try:
            before = _EVENT.validate_json(body)
        except ValidationError:
            return False  # a newer crewctl wrote it, and only that one knows what may follow
        if isinstance(before, RunClosed):
            return may_follow(event, before, since[::-1])
        since.append(before)
    return False
