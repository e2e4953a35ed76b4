"""Count the runs that statements let through, in one transaction each, in the machine state's database."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from crewctl.adapters.database import Database, Part, Session

APPROVALS = Part(
    "approvals",
    1,
    (
        'CREATE TABLE approval_store ("only" INTEGER PRIMARY KEY CHECK ("only" = 1), id TEXT NOT NULL)',
        """CREATE TABLE approval_uses (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            statement TEXT NOT NULL,
            run TEXT NOT NULL,
            at TEXT NOT NULL,
            UNIQUE (statement, run)
        )""",
        "CREATE INDEX approval_uses_by_run ON approval_uses (run, number)",
    ),
    append_only=("approval_uses",),
)


class SqlApprovalUses:
    """Knows this store's id and which run used which statement.

    StoreError when the database cannot be used, which means no.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def store_id(self) -> str:
        """Return the id of this database, made once."""
        with self._database.writing(APPROVALS, about="approval_store") as session:
            session.execute(
                "INSERT INTO approval_store VALUES (1, ?) ON CONFLICT DO NOTHING", (secrets.token_hex(8),)
            )
            return str(session.execute("SELECT id FROM approval_store").fetchall()[0][0])

    def uses(self, statement_id: str) -> int:
        """Return how many runs were counted against the statement."""
        if not self._database.is_there():
            return 0
        with self._database.reading(APPROVALS) as session:
            return _count(session, statement_id)

    def statement_of(self, run_id: str) -> str | None:
        """Return the statement that the run was first counted against."""
        if not self._database.is_there():
            return None
        with self._database.reading(APPROVALS) as session:
            row = session.execute(
                "SELECT statement FROM approval_uses WHERE run=? ORDER BY number LIMIT 1", (run_id,)
            ).fetchone()
            return None if row is None else str(row[0])

    def use(self, statement_id: str, run_id: str, max_runs: int | None) -> bool:
        """Count the run unless the statement is used up; a run that is counted already stays let through."""
        # A use that a power cut could undo would be a run too many: hence durable.
        with self._database.writing(APPROVALS, about=f"statement:{statement_id}") as session:
            known = session.execute(
                "SELECT 1 FROM approval_uses WHERE statement=? AND run=?", (statement_id, run_id)
            ).fetchone()
            if known:
                return True
            if max_runs is not None and _count(session, statement_id) >= max_runs:
                return False
            session.execute(
                "INSERT INTO approval_uses (statement, run, at) VALUES (?, ?, ?)",
                (statement_id, run_id, datetime.now(UTC).isoformat()),
            )
            return True


def _count(session: Session, statement_id: str) -> int:
    rows = session.execute("SELECT count(*) FROM approval_uses WHERE statement=?", (statement_id,))
    return int(rows.fetchall()[0][0])
