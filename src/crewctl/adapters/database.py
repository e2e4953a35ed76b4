"""What every store asks of a database: named parts made once, and transactions that speak portable SQL.

Portable means: ``?`` for a value, ``ON CONFLICT``, ``RETURNING``, whole numbers for truths, and in
the tables' text only the words that `Part` lists.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

Value = str | int | float | bytes | None


@dataclass(frozen=True)
class Part:
    """The tables of one part of the machine state, made once and all together.

    `tables` are written in SQLite's words; PostgreSQL reads ``INTEGER PRIMARY KEY AUTOINCREMENT`` as
    an identity column, INTEGER as BIGINT, REAL as DOUBLE PRECISION, BLOB as BYTEA, and no STRICT and
    no WITHOUT ROWID. The rows of the tables named in `append_only` can neither be changed nor removed.
    """

    name: str
    version: int
    tables: tuple[str, ...]
    append_only: tuple[str, ...] = ()


class Rows(Protocol):
    """What a statement returned."""

    def fetchone(self) -> tuple[Any, ...] | None:
        """Return the next row, None behind the last."""
        ...

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return all rows that are left."""
        ...


class Session(Protocol):
    """One transaction's view of the database."""

    def execute(self, statement: str, values: Sequence[Value] = ()) -> Rows:
        """Run one portable statement."""
        ...

    def now(self) -> float:
        """Return the database's own time in seconds since 1970, for everybody who shares it the same."""
        ...


class Database(Protocol):
    """The place of the machine state. Safe from several threads and, after a fork, several processes.

    Every operation raises StoreError with a next step when it could not be done, and LostDatabaseError
    when the database went away in the middle of it.
    """

    name: str
    """What it is called in messages; no password."""

    secrets: tuple[str, ...]
    """What must never be shown or kept: the password it is opened with."""

    def is_there(self) -> bool:
        """Tell whether anything can have been kept yet; reading makes no file."""
        ...

    def describe(self) -> str:
        """Say what it is, having looked; StoreError if it cannot be used as it is. Nothing is made."""
        ...

    def reading(self, *parts: Part) -> AbstractContextManager[Session]:
        """Give a session to read in; each statement sees what is committed by then."""
        ...

    def writing(self, *parts: Part, about: str, durable: bool = True) -> AbstractContextManager[Session]:
        """Give a transaction, committed at its end and rolled back if anything is raised.

        Transactions `about` the same thing come one after the other. What is `durable` survives a
        power cut; the rest survives the death of every process.
        """
        ...

    def close(self) -> None:
        """Let go of it; the next operation opens it again."""
        ...
