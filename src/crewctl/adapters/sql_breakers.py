"""Breakers in the machine state's database: one row a target, shared by all who run crews."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import ValidationError

from crewctl.adapters.database import Database, Part, Session
from crewctl.errors import StoreError
from crewctl.running.breaker import BreakerState, OpenBreaker

R = TypeVar("R")

BREAKERS = Part(
    "breakers",
    1,
    ("CREATE TABLE breakers (target TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID",),
)


class SqlBreakers:
    """The Breakers port; a target with a clean state has no row. StoreError as from the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def change(self, target: str, to: Callable[[BreakerState, float], tuple[BreakerState, R]]) -> R:
        """Replace a target's state in one transaction; on the database's own clock."""
        with self._database.writing(BREAKERS, about=f"breaker {target}", durable=False) as db:
            before = _state(db, target)
            after, result = to(before or BreakerState(), db.now())
            if after == BreakerState():
                db.execute("DELETE FROM breakers WHERE target = ?", (target,))
            elif after != before:
                db.execute(
                    "INSERT INTO breakers (target, state) VALUES (?, ?)"
                    " ON CONFLICT (target) DO UPDATE SET state = excluded.state",
                    (target, after.model_dump_json()),
                )
            return result

    def is_known(self, target: str) -> bool:
        """Tell whether anything is kept of a target; asking makes no file."""
        if not self._database.is_there():
            return False
        with self._database.reading(BREAKERS) as db:
            return _state(db, target) is not None

    def open_now(self) -> tuple[OpenBreaker, ...]:
        """Return the targets that nobody calls now, by name."""
        if not self._database.is_there():
            return ()
        with self._database.reading(BREAKERS) as db:
            now = db.now()
            rows = db.execute("SELECT target, state FROM breakers ORDER BY target").fetchall()
        states = [(str(target), _read(str(target), str(state))) for target, state in rows]
        return tuple(
            OpenBreaker(target=target, failures=len(state.failures), until=datetime.fromtimestamp(until, UTC))
            for target, state in states
            if (until := _closed_until(state, now)) is not None
        )


def _closed_until(state: BreakerState, now: float) -> float | None:
    times = [at for at in (state.open_until, state.probe_until) if at is not None and at > now]
    return max(times, default=None)


def _state(db: Session, target: str) -> BreakerState | None:
    row = db.execute("SELECT state FROM breakers WHERE target = ?", (target,)).fetchone()
    return None if row is None else _read(target, str(row[0]))


def _read(target: str, state: str) -> BreakerState:
    try:
        return BreakerState.model_validate_json(state)
    except ValidationError as error:
        raise StoreError(
            f"the breaker of {target} cannot be read: a newer crewctl or another program wrote it",
            help="use the crewctl that wrote it",
        ) from error
