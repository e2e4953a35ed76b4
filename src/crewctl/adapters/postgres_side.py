"""The machine state in PostgreSQL as one side of a copy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crewctl.adapters.content_shelves import SqlShelf
from crewctl.adapters.database import Database, Session
from crewctl.adapters.database_moves import Kind
from crewctl.adapters.database_side import AT_ONCE, Row, Shelf, adding
from crewctl.adapters.postgres import PostgresDatabase

_COUNTERS = """
    SELECT c.relname, pg_sequence_last_value(
        pg_get_serial_sequence(n.nspname || '.' || c.relname, a.attname)::regclass)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'crewctl' AND a.attidentity <> '' AND c.relkind = 'r'"""
_SET = """
    SELECT setval(pg_get_serial_sequence('crewctl.' || c.relname, a.attname)::regclass, ?)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'crewctl' AND a.attidentity <> '' AND c.relname = ?"""
_SIZE = """
    SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'crewctl' AND c.relkind = 'r'"""
_MOVED = """CREATE OR REPLACE FUNCTION crewctl.moved() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the machine state was moved; see: crewctl database status'; END $$"""


class PostgresSide:
    """The Side port over a server's database."""

    kind: Kind = "postgresql"

    def __init__(self, database: PostgresDatabase) -> None:
        self.database: Database = database
        self.shelf: Shelf = SqlShelf()

    def versions(self, session: Session) -> dict[str, int]:
        """Return the version of every part that is there."""
        if session.execute("SELECT to_regclass('crewctl.schema_parts')").fetchall()[0][0] is None:
            return {}
        return dict(session.execute("SELECT part, version FROM crewctl.schema_parts").fetchall())

    def keep_still(self, session: Session, tables: Sequence[str]) -> None:
        """Lock the tables against every change; reading goes on."""
        # This transaction may have to wait for the other side for longer than a frozen worker's may last.
        session.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        for table in tables:
            session.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")

    def batches(self, session: Session, table: str) -> Iterator[list[Row]]:
        """Give every row, some at a time, as the server has them ready."""
        session.execute(f"DECLARE all_of_{table} CURSOR FOR SELECT * FROM {table}")  # noqa: S608 - a declared table
        while rows := session.execute(f"FETCH {AT_ONCE} FROM all_of_{table}").fetchall():
            yield rows
        session.execute(f"CLOSE all_of_{table}")

    def add(self, session: Session, table: str, rows: Sequence[Row]) -> None:
        """Add rows as they are, also where the server would number them."""
        session.execute(*adding(table, rows, "OVERRIDING SYSTEM VALUE"))

    def counters(self, session: Session) -> dict[str, int]:
        """Return the last numbers of the tables that have any."""
        rows = session.execute(_COUNTERS).fetchall()
        return {str(table): int(last) for table, last in rows if last is not None}

    def set_counter(self, session: Session, table: str, last: int) -> None:
        """Have the table go on behind this number."""
        session.execute(_SET, (last, table))

    def shut(self, session: Session, tables: Sequence[str]) -> None:
        """Have the server refuse every change, also to those who are connected."""
        session.execute(_MOVED)
        for table in tables:
            session.execute(
                f"CREATE TRIGGER {table}_moved BEFORE INSERT OR UPDATE OR DELETE ON {table}"
                " FOR EACH STATEMENT EXECUTE FUNCTION crewctl.moved()"
            )

    def open_again(self, session: Session, tables: Sequence[str]) -> None:
        """Have the server take changes again."""
        for table in tables:
            session.execute(f"DROP TRIGGER IF EXISTS {table}_moved ON {table}")

    def size(self, session: Session) -> int:
        """Return the bytes of crewctl's tables, contents among them."""
        return int(session.execute(_SIZE).fetchall()[0][0])
