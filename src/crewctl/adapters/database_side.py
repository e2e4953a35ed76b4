"""What a copy of the machine state asks of either side: what differs between SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from crewctl.adapters.database import Database, Part, Session, Value
from crewctl.adapters.database_moves import Kind

Row = tuple[Value, ...]
AT_ONCE = 500
"""Rows that are read and added at once."""


class Shelf(Protocol):
    """Where one side keeps prompts, outputs and tool results."""

    parts: tuple[Part, ...]
    """The tables that it is made of; none where it is files."""

    def places(self, session: Session) -> Sequence[tuple[str, str, int]]:
        """Return run, name and size in bytes of every content."""
        ...

    def read(self, session: Session, run_id: str, name: str) -> bytes | None:
        """Return a content, None when it has been erased meanwhile."""
        ...

    def write(self, session: Session, run_id: str, name: str, body: bytes) -> str:
        """Keep a content under this very name and return the SHA-256, in hex, of what is kept now."""
        ...


class Side(Protocol):
    """A database that the machine state is copied from or to."""

    database: Database
    kind: Kind
    shelf: Shelf

    def versions(self, session: Session) -> dict[str, int]:
        """Return the version of every part that is there; nothing is made."""
        ...

    def keep_still(self, session: Session, tables: Sequence[str]) -> None:
        """Keep everybody else from changing the tables until the transaction's end."""
        ...

    def batches(self, session: Session, table: str) -> Iterator[list[Row]]:
        """Give every row of a table, some at a time; only in a transaction."""
        ...

    def add(self, session: Session, table: str, rows: Sequence[Row]) -> None:
        """Add rows as they are, their numbers too."""
        ...

    def counters(self, session: Session) -> dict[str, int]:
        """Return by table the last number that was given out, also where its row is gone."""
        ...

    def set_counter(self, session: Session, table: str, last: int) -> None:
        """Have the table go on behind this number."""
        ...

    def shut(self, session: Session, tables: Sequence[str]) -> None:
        """Let nobody write to the tables any more, not even who has them open."""
        ...

    def open_again(self, session: Session, tables: Sequence[str]) -> None:
        """Undo `shut`."""
        ...

    def size(self, session: Session) -> int:
        """Return how many bytes it takes on the disk, contents in files not among them."""
        ...


def adding(table: str, rows: Sequence[Row], clause: str = "") -> tuple[str, list[Value]]:
    """Return one statement that adds all rows, and its values."""
    one = f"({', '.join('?' * len(rows[0]))})"
    statement = f"INSERT INTO {table} {clause} VALUES {', '.join([one] * len(rows))}"  # noqa: S608 - a declared table
    return statement, [value for row in rows for value in row]


def in_batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Give rows some at a time."""
    batch: list[Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) == AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch
