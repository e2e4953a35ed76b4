"""A project's SQLite file and its files of contents, as one side of a copy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from crewctl.adapters.content_shelves import FileShelf
from crewctl.adapters.database import Database, Session
from crewctl.adapters.database_moves import Kind
from crewctl.adapters.database_side import Row, Shelf, adding, in_batches
from crewctl.adapters.sqlite_database import SqliteDatabase
from crewctl.adapters.sqlite_file import APPLICATION_ID, MOVED_ID


class SqliteSide:
    """The Side port over a project's own file. Whoever writes holds the whole file, so it keeps still by itself."""

    kind: Kind = "sqlite"

    def __init__(self, root: Path, database: SqliteDatabase) -> None:
        self.database: Database = database
        self.shelf: Shelf = FileShelf(root)
        self._path = Path(database.name)

    def versions(self, session: Session) -> dict[str, int]:
        """Return the version of every part that is there."""
        if not session.execute("SELECT 1 FROM sqlite_master WHERE name='schema_parts'").fetchone():
            return {}
        return dict(session.execute("SELECT part, version FROM schema_parts").fetchall())

    def keep_still(self, session: Session, tables: Sequence[str]) -> None:
        """Do nothing: the transaction has the file's one write lock."""

    def batches(self, session: Session, table: str) -> Iterator[list[Row]]:
        """Give every row, some at a time."""
        rows = session.execute(f"SELECT * FROM {table}")  # noqa: S608 - a declared table
        yield from in_batches(iter(rows.fetchone, None))

    def add(self, session: Session, table: str, rows: Sequence[Row]) -> None:
        """Add rows as they are."""
        session.execute(*adding(table, rows))

    def counters(self, session: Session) -> dict[str, int]:
        """Return the last numbers, which SQLite keeps in a table of its own."""
        if not session.execute("SELECT 1 FROM sqlite_master WHERE name='sqlite_sequence'").fetchone():
            return {}
        return dict(session.execute("SELECT name, seq FROM sqlite_sequence WHERE seq > 0").fetchall())

    def set_counter(self, session: Session, table: str, last: int) -> None:
        """Have the table go on behind this number."""
        session.execute("DELETE FROM sqlite_sequence WHERE name=?", (table,))
        session.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, last))

    def shut(self, session: Session, tables: Sequence[str]) -> None:
        """Mark the file's header, which is looked at in every transaction."""
        del tables
        session.execute(f"PRAGMA application_id={MOVED_ID}")

    def open_again(self, session: Session, tables: Sequence[str]) -> None:
        """Mark the file as in use."""
        del tables
        session.execute(f"PRAGMA application_id={APPLICATION_ID}")

    def size(self, session: Session) -> int:
        """Return the bytes of the file and its log."""
        del session
        total = 0
        for path in (self._path, Path(f"{self._path}-wal")):
            with suppress(FileNotFoundError):
                total += path.stat().st_size
        return total
