"""Count the runs that statements let through, in one transaction each, in the machine's database."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from crewctl.adapters.database import connect, explained, prepare, writing

_VERSION = 1
_TABLES = (
    "CREATE TABLE approval_store (only INTEGER PRIMARY KEY CHECK (only = 1), id TEXT NOT NULL)",
    """CREATE TABLE approval_uses (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        statement TEXT NOT NULL,
        run TEXT NOT NULL,
        at TEXT NOT NULL,
        UNIQUE (statement, run)
    )""",
    "CREATE INDEX approval_uses_by_run ON approval_uses (run, number)",
    """CREATE TRIGGER approval_uses_stay BEFORE UPDATE ON approval_uses
        BEGIN SELECT RAISE(ABORT, 'uses are append-only'); END""",
    """CREATE TRIGGER approval_uses_remain BEFORE DELETE ON approval_uses
        BEGIN SELECT RAISE(ABORT, 'uses are append-only'); END""",
)


class ApprovalUses:
    """The part of `crewctl.db` that knows this store's id and which run used which statement.

    StoreError when the database cannot be used, which means no.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def store_id(self) -> str:
        """Return the id of this database, made once."""
        with self._opened() as connection, writing(connection):
            connection.execute("INSERT OR IGNORE INTO approval_store VALUES (1, ?)", (secrets.token_hex(8),))
            return str(connection.execute("SELECT id FROM approval_store").fetchone()[0])

    def uses(self, statement_id: str) -> int:
        """Return how many runs were counted against the statement."""
        if not self._path.exists():
            return 0
        with self._opened() as connection:
            return _count(connection, statement_id)

    def statement_of(self, run_id: str) -> str | None:
        """Return the statement that the run was first counted against."""
        if not self._path.exists():
            return None
        with self._opened() as connection:
            row = connection.execute(
                "SELECT statement FROM approval_uses WHERE run=? ORDER BY number LIMIT 1", (run_id,)
            ).fetchone()
            return None if row is None else str(row[0])

    def use(self, statement_id: str, run_id: str, max_runs: int | None) -> bool:
        """Count the run unless the statement is used up; a run that is counted already stays let through."""
        with self._opened() as connection, writing(connection):
            known = connection.execute(
                "SELECT 1 FROM approval_uses WHERE statement=? AND run=?", (statement_id, run_id)
            ).fetchone()
            if known:
                return True
            if max_runs is not None and _count(connection, statement_id) >= max_runs:
                return False
            connection.execute(
                "INSERT INTO approval_uses (statement, run, at) VALUES (?, ?, ?)",
                (statement_id, run_id, datetime.now(UTC).isoformat()),
            )
            return True

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        # A use that a power cut could undo would be a run too many: hence FULL.
        connection = connect(self._path, synchronous="FULL")
        try:
            with explained(self._path):
                prepare(connection, self._path, "approvals", _VERSION, _TABLES)
                yield connection
        finally:
            connection.close()


def _count(connection: sqlite3.Connection, statement_id: str) -> int:
    row = connection.execute(
        "SELECT count(*) FROM approval_uses WHERE statement=?", (statement_id,)
    ).fetchone()
    return int(row[0])
