"""Opens the database that CREWCTL_DATABASE names, the project's own file where it names none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from crewctl.adapters.database import Database
from crewctl.adapters.sqlite_database import SqliteDatabase
from crewctl.errors import UsageError

VARIABLE = "CREWCTL_DATABASE"
_SCHEMES = ("postgresql://", "postgres://")


def open_database(root: Path, environ: Mapping[str, str]) -> Database:
    """Return the database of the project at `root`; nothing is connected to yet.

    UsageError when the variable holds something else than a URL of PostgreSQL.
    """
    url = environ.get(VARIABLE, "").strip()
    if not url:
        return SqliteDatabase(root / ".crewctl" / "crewctl.db")
    if not url.startswith(_SCHEMES):
        raise UsageError(
            f"{VARIABLE} is not a URL of a PostgreSQL database",
            help="write it as postgresql://USER:PASSWORD@HOST/DATABASE, or unset it to use .crewctl/crewctl.db",
        )
    from crewctl.adapters.postgres import PostgresDatabase  # noqa: PLC0415 - start-up cost

    return PostgresDatabase(url)
