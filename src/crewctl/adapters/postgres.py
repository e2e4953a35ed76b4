"""The machine state in PostgreSQL: shared by the processes of several machines."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any

import psycopg

from crewctl.adapters.database import Part, Rows, Session, Value
from crewctl.adapters.database_moves import MOVES, refuse_moved
from crewctl.adapters.postgres_errors import explain, is_gone
from crewctl.adapters.postgres_tables import make_part, versions
from crewctl.adapters.postgres_url import ServerUrl, key_of
from crewctl.errors import LostDatabaseError, StoreError

_KEPT_IDLE = 4
_NOW = "SELECT extract(epoch FROM clock_timestamp())"

_LOOK = """SELECT current_setting('server_version'), pg_is_in_recovery(),
    EXISTS (SELECT 1 FROM pg_namespace WHERE nspname='crewctl'),
    has_database_privilege(current_database(), 'CREATE'), to_regclass('crewctl.moves') IS NOT NULL"""

Connection = psycopg.Connection[tuple[Any, ...]]


class _ClosesItself(psycopg.Connection[tuple[Any, ...]]):
    """Closes when nobody holds it any more, without a warning: a command's project has no end to close it at."""

    _pool = None


class PostgresDatabase:
    """The Database port over the server at `url`; every thread at work has a connection of its own.

    UsageError for what is no URL of PostgreSQL; nothing is connected to before the first operation.
    MovedError when the machine state was moved elsewhere, unless it is to be opened `even_moved`.
    """

    def __init__(self, url: str, *, even_moved: bool = False) -> None:
        self._even_moved = even_moved
        self._url = ServerUrl(url)
        self.name = self._url.name
        self.secrets = self._url.secrets
        self._lock = threading.Lock()
        self._idle: list[Connection] = []
        self._pid = os.getpid()
        self._was_there = False
        self._ready: set[str] = set()

    @property
    def url(self) -> str:
        """The URL with its password, for whoever has to connect by himself; never to be shown."""
        return self._url.text

    def is_there(self) -> bool:
        """Tell that anything can have been kept: only the server knows."""
        return True

    def describe(self) -> str:
        """Say what it is, having asked the server; StoreError if the role cannot work there."""
        with self.reading() as session:
            version, follows, is_made, may_make, may_have_moved = session.execute(_LOOK).fetchall()[0]
            if may_have_moved and not self._even_moved:
                refuse_moved(session, self.name)
        if follows:
            raise StoreError(
                f"{self.name} is a standby that cannot be written to",
                help="name the primary in CREWCTL_DATABASE",
            )
        if not is_made and not may_make:
            raise StoreError(
                f"{self.name}: the role may not make the schema crewctl",
                help="have an administrator run: CREATE SCHEMA crewctl AUTHORIZATION its_name",
            )
        return f"{self.name}, version {version}"

    @contextmanager
    def reading(self, *parts: Part) -> Iterator[Session]:
        """Give a session to read in; each statement sees what is committed by then."""
        connection = self._taken(parts)
        try:
            yield _Session(connection)
        except psycopg.Error as error:
            raise explain(error, self.name, connection) from error
        finally:
            self._put_back(connection)

    @contextmanager
    def writing(self, *parts: Part, about: str, durable: bool = True) -> Iterator[Session]:
        """Give a transaction; those `about` the same thing come one after the other. All are durable."""
        del durable  # what the server answers for survives its own death in any case
        connection = self._begun(parts, key_of("transaction", about))
        try:
            yield _Session(connection)
            self._commit(connection)
        except psycopg.Error as error:
            raise explain(error, self.name, connection) from error
        finally:
            self._put_back(connection)

    def connect(self) -> Connection:
        """Open a connection that belongs to the caller; StoreError if the server cannot be reached."""
        try:
            connection = _ClosesItself.connect(autocommit=True, **self._url.options)
        except psycopg.Error as error:
            raise self._url.unreachable(error, lost=self._was_there) from error
        self._was_there = True
        return connection

    def close(self) -> None:
        """Let go of every connection at rest; the next operation opens one again."""
        with self._lock:
            idle, self._idle = self._idle, []
        if self._pid == os.getpid():
            for connection in idle:
                connection.close()

    def _taken(self, parts: Sequence[Part]) -> Connection:
        connection = self._resting() or self.connect()
        missing = [part for part in parts if part.name not in self._ready]
        if missing:
            self._make(connection, missing)
        return connection

    def _resting(self) -> Connection | None:
        """Return a connection at rest that still stands."""
        while True:
            with self._lock:
                if self._pid != os.getpid():
                    # A connection must not be used on both sides of a fork; the parent closes its own.
                    self._idle, self._pid = [], os.getpid()
                if not self._idle:
                    return None
                connection = self._idle.pop()
            if not is_gone(connection):
                return connection
            connection.close()

    def _make(self, connection: Connection, missing: Sequence[Part]) -> None:
        try:
            known = versions(connection)
            if MOVES.name in known and not self._even_moved:
                refuse_moved(_Session(connection), self.name)
            for part in missing:
                if known.get(part.name) != part.version:
                    make_part(connection, part, self.name)
                self._ready.add(part.name)
        except psycopg.Error as error:
            raise explain(error, self.name, connection) from error
        except StoreError:
            self._put_back(connection)
            raise

    def _begun(self, parts: Sequence[Part], key: int) -> Connection:
        begin = f"BEGIN; SELECT pg_advisory_xact_lock({key})"
        connection = self._taken(parts)
        try:
            connection.execute(begin)
        except psycopg.Error as error:
            said = explain(error, self.name, connection)
            self._put_back(connection)
            if not isinstance(said, LostDatabaseError):
                raise said from error
            # Nothing was asked for yet, so a connection that had gone stale may be replaced.
            connection = self._taken(parts)
            try:
                connection.execute(begin)
            except psycopg.Error as again:
                raise explain(again, self.name, connection) from again
        return connection

    def _commit(self, connection: Connection) -> None:
        try:
            said = connection.execute("COMMIT").statusmessage
        except psycopg.Error as error:
            raise explain(error, self.name, connection, committing=True) from error
        if said != "COMMIT":
            raise StoreError(f"{self.name}: the change was not kept", help="try again")

    def _put_back(self, connection: Connection) -> None:
        with suppress(psycopg.Error):
            if connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                connection.execute("ROLLBACK")
        whole = connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
        with self._lock:
            if whole and len(self._idle) < _KEPT_IDLE and self._pid == os.getpid():
                self._idle.append(connection)
                return
        connection.close()


class _Session:
    """A connection, seen as the port's session."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def execute(self, statement: str, values: Sequence[Value] = ()) -> Rows:
        """Run one statement."""
        return self._connection.execute(_native(statement), values)

    def now(self) -> float:
        """Return the server's time."""
        return float(self._connection.execute(_NOW).fetchall()[0][0])


@lru_cache(maxsize=256)
def _native(statement: str) -> Any:
    return statement.replace("%", "%%").replace("?", "%s")
