"""Opens the stores of the database that CREWCTL_DATABASE names, or of the project's own folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from crewctl.adapters.database import Database
from crewctl.adapters.sqlite_database import SqliteDatabase
from crewctl.errors import UsageError

if TYPE_CHECKING:  # a command pays only for what it opens
    from crewctl.audit.port import ContentStore
    from crewctl.running.ownership import Locks

VARIABLE = "CREWCTL_DATABASE"
_SCHEME = "postgresql://"


def open_database(root: Path, environ: Mapping[str, str], *, even_moved: bool = False) -> Database:
    """Return the database of the project at `root`; nothing is connected to yet.

    One that the machine state was moved away from can be used only `even_moved`. UsageError when the
    variable holds something else than a URL of PostgreSQL.
    """
    url = environ.get(VARIABLE, "").strip()
    if not url:
        return SqliteDatabase(root / ".crewctl" / "crewctl.db", even_moved=even_moved)
    if not url.startswith(_SCHEME):
        raise UsageError(
            f"{VARIABLE} is not a URL of a PostgreSQL database",
            help="write it as postgresql://USER:PASSWORD@HOST/DATABASE, or unset it to use .crewctl/crewctl.db",
        )
    from crewctl.adapters.postgres import PostgresDatabase  # noqa: PLC0415 - start-up cost

    return PostgresDatabase(url, even_moved=even_moved)


def open_contents(root: Path, database: Database, secrets: Iterable[str] = ()) -> ContentStore:
    """Return where prompts, outputs and tool results are kept: files, or the database that is shared."""
    if isinstance(database, SqliteDatabase):
        from crewctl.adapters.file_content_store import FileContentStore  # noqa: PLC0415 - start-up cost

        return FileContentStore(root, secrets=secrets)
    from crewctl.adapters.sql_content_store import SqlContentStore  # noqa: PLC0415 - start-up cost

    return SqlContentStore(database, secrets=secrets)


def open_locks(root: Path, database: Database) -> Locks:
    """Return the locks that all who share the database see."""
    if isinstance(database, SqliteDatabase):
        from crewctl.adapters.file_locks import FileLocks  # noqa: PLC0415 - start-up cost

        return FileLocks(root)
    from crewctl.adapters.postgres import PostgresDatabase  # noqa: PLC0415 - start-up cost
    from crewctl.adapters.postgres_locks import PostgresLocks  # noqa: PLC0415 - start-up cost

    if not isinstance(database, PostgresDatabase):
        raise TypeError(f"there are no locks for {type(database).__name__}")
    return PostgresLocks(database)
