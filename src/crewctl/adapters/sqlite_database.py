"""The machine state in one SQLite file: one writer at a time, shared by threads and processes."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from crewctl.adapters.database import Part, Rows, Session, Value
from crewctl.adapters.sqlite_file import connect, explained, prepare, refuse_where_moved, writing

_NOW = "SELECT (julianday('now') - 2440587.5) * 86400.0"


class SqliteDatabase:
    """The Database port over the file at `path`, which the first change makes.

    MovedError when the machine state was moved elsewhere, unless it is to be opened `even_moved`.
    """

    secrets: tuple[str, ...] = ()

    def __init__(self, path: Path, *, even_moved: bool = False) -> None:
        self.name = str(path)
        self._even_moved = even_moved
        self._path = path
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._pid = 0
        self._ready: set[str] = set()
        self._durable = False

    def is_there(self) -> bool:
        """Tell whether the file is there."""
        return self._connection is not None or self._path.exists()

    def describe(self) -> str:
        """Say what it is, having opened it if it is there."""
        if not self.is_there():
            return f"SQLite: {self._path} will be made when it is needed"
        with self.reading() as session:
            session.execute("SELECT count(*) FROM sqlite_master").fetchall()
        return f"SQLite {sqlite3.sqlite_version}: {self._path}"

    @contextmanager
    def reading(self, *parts: Part) -> Iterator[Session]:
        """Give a session to read in."""
        with self._lock, explained(self._path):
            yield _Session(self._connected(parts))

    @contextmanager
    def writing(self, *parts: Part, about: str, durable: bool = True) -> Iterator[Session]:
        """Hold the file's one write lock for a transaction, whatever it is `about`."""
        del about
        with self._lock, explained(self._path):
            connection = self._connected(parts)
            if durable is not self._durable:
                connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
                self._durable = durable
            with writing(connection):
                if not self._even_moved:
                    refuse_where_moved(connection, self._path)
                yield _Session(connection)

    def close(self) -> None:
        """Let go of the file; the next operation opens it again."""
        with self._lock:
            if self._connection is not None and self._pid == os.getpid():
                self._connection.close()
            self._connection = None

    def _connected(self, parts: Sequence[Part]) -> sqlite3.Connection:
        # A connection must not be used on both sides of a fork.
        if self._connection is None or self._pid != os.getpid():
            self._connection = connect(self._path, even_moved=self._even_moved)
            self._pid, self._durable, self._ready = os.getpid(), False, set()
        for part in parts:
            if part.name not in self._ready:
                prepare(self._connection, self._path, part.name, part.version, _statements(part))
                self._ready.add(part.name)
        return self._connection


class _Session:
    """A connection, seen as the port's session."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def execute(self, statement: str, values: Sequence[Value] = ()) -> Rows:
        """Run one statement."""
        return self._connection.execute(statement, values)

    def now(self) -> float:
        """Return the machine's time."""
        return float(self._connection.execute(_NOW).fetchone()[0])


def _statements(part: Part) -> tuple[str, ...]:
    # Whoever opens the file with another tool is told the same: what happened is not edited.
    triggers = (
        f"CREATE TRIGGER {table}_{name} BEFORE {action} ON {table}"
        f" BEGIN SELECT RAISE(ABORT, '{table} are append-only'); END"
        for table in part.append_only
        for name, action in (("stay", "UPDATE"), ("remain", "DELETE"))
    )
    return (*part.tables, *triggers)
