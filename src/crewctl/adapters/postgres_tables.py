"""Makes the tables of crewctl's parts in PostgreSQL, once for all who share it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from crewctl.adapters.database import Part
from crewctl.adapters.postgres_url import key_of
from crewctl.errors import StoreError

Connection = psycopg.Connection[tuple[Any, ...]]

_WORDS = (
    (r"\bINTEGER PRIMARY KEY AUTOINCREMENT\b", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
    (r"\bINTEGER\b", "BIGINT"),
    (r"\bREAL\b", "DOUBLE PRECISION"),
    (r"\bBLOB\b", "BYTEA"),
    (r"\)\s*(?:WITHOUT ROWID|STRICT)\s*$", ")"),
)
_PARTS = "CREATE TABLE IF NOT EXISTS crewctl.schema_parts (part TEXT PRIMARY KEY, version BIGINT NOT NULL)"
_STAY = """CREATE OR REPLACE FUNCTION crewctl.stay() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '% are append-only', TG_TABLE_NAME; END $$"""


def versions(connection: Connection) -> dict[str, int]:
    """Return the version of every part that is there."""
    found = connection.execute("SELECT to_regclass('crewctl.schema_parts')").fetchall()
    if found[0][0] is None:
        return {}
    return dict(connection.execute("SELECT part, version FROM crewctl.schema_parts").fetchall())


def make_part(connection: Connection, part: Part, name: str) -> None:
    """Make the part's tables unless another process has; StoreError on another version of them."""
    with _alone(connection):
        if not connection.execute("SELECT 1 FROM pg_namespace WHERE nspname='crewctl'").fetchall():
            connection.execute("CREATE SCHEMA crewctl")
        connection.execute(_PARTS)
        found = versions(connection).get(part.name)
        if found is None:
            for statement in (*map(_native, part.tables), *_triggers(part)):
                connection.execute(statement)
            connection.execute("INSERT INTO crewctl.schema_parts VALUES (%s, %s)", (part.name, part.version))
        elif found != part.version:
            age = "a newer" if found > part.version else "an older"
            raise StoreError(
                f"{name} was written by {age} crewctl"
                f" ({part.name} has version {found}, this one reads {part.version})",
                help="use the same crewctl on every machine that shares the database",
            )


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (key_of("schema", ""),))
        yield


def _triggers(part: Part) -> Iterator[Any]:
    # Whoever opens the database with another tool is told the same: what happened is not edited.
    if part.append_only:
        yield _STAY
    for table in part.append_only:
        yield (
            f"CREATE TRIGGER {table}_stay BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION crewctl.stay()"
        )
        yield (
            f"CREATE TRIGGER {table}_remain BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION crewctl.stay()"
        )


def _native(statement: str) -> Any:
    for pattern, word in _WORDS:
        statement = re.sub(pattern, word, statement)
    return statement
