"""Idempotency keys of kickoffs: of all that ask with one key, one gets a run and the others are told which."""

from __future__ import annotations

from crewctl.adapters.database import Database, Part

KEYS = Part(
    "kickoff_keys",
    1,
    (
        """CREATE TABLE kickoff_keys (
            crew TEXT NOT NULL,
            key TEXT NOT NULL,
            run_id TEXT NOT NULL,
            PRIMARY KEY (crew, key)
        ) WITHOUT ROWID""",
    ),
)


class SqlKickoffKeys:
    """Keeps which run a crew's key stands for. StoreError as from the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, crew: str, key: str, run_id: str) -> str:
        """Return the run that `key` stands for: `run_id`, if nobody claimed the key before.

        Durable when this returns, and the same for everybody who asks, whichever process asks first.
        """
        with self._database.writing(KEYS, about=f"kickoff key {crew}") as db:
            db.execute(
                "INSERT INTO kickoff_keys (crew, key, run_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (crew, key, run_id),
            )
            row = db.execute(
                "SELECT run_id FROM kickoff_keys WHERE crew = ? AND key = ?", (crew, key)
            ).fetchone()
        return run_id if row is None else str(row[0])

    def run_of(self, crew: str, key: str) -> str | None:
        """Return the run that `key` stands for, None when nobody claimed it; asking makes no file."""
        if not self._database.is_there():
            return None
        with self._database.reading(KEYS) as db:
            row = db.execute(
                "SELECT run_id FROM kickoff_keys WHERE crew = ? AND key = ?", (crew, key)
            ).fetchone()
        return None if row is None else str(row[0])
