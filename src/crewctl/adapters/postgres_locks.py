"""Locks in PostgreSQL that end with the connection that holds them: for several machines."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg

from crewctl.adapters.lock_port import LockPort
from crewctl.adapters.postgres import Connection, PostgresDatabase
from crewctl.adapters.postgres_errors import explain, is_gone
from crewctl.adapters.postgres_url import key_of
from crewctl.errors import StoreError
from crewctl.running.ownership import PATIENCE

_PAUSE = 0.02
_HOLDERS = """SELECT pg_terminate_backend(pid) FROM pg_locks
    WHERE locktype='advisory' AND granted AND mode='ExclusiveLock' AND objsubid=1
    AND database=(SELECT oid FROM pg_database WHERE datname=current_database())
    AND ((classid::bigint << 32) | objid::bigint) = %s AND pid <> pg_backend_pid()"""


class PostgresLocks(LockPort):
    """The Locks port over advisory locks of one connection, which is used for nothing else.

    When that connection is lost, so is every lock that it held, and whoever held one is told by
    `is_lost`. The server's keepalives notice a machine that is gone within half a minute.
    """

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database
        self._lock = threading.RLock()
        self._connection: Connection | None = None
        self._held: dict[str, _HeldKey] = {}
        self._looking: Counter[str] = Counter()

    def acquire(self, name: str, *, patience: float = PATIENCE) -> _HeldKey | None:
        """Take the lock; None if somebody else still holds it after `patience` seconds."""
        give_up = time.monotonic() + patience
        while True:
            held = self._try(name)
            if held is not None or time.monotonic() >= give_up:
                return held
            time.sleep(_PAUSE)

    @contextmanager
    def kept_free(self, name: str) -> Iterator[bool]:
        """Give whether the lock is free, and as long as this lasts nobody can take it."""
        # Shared, so that several who look at once do not take each other for a holder.
        with self._lock:
            free = name not in self._held and self._ask("SELECT pg_try_advisory_lock_shared(%s)", name)
            self._looking[name] += free
            connection = self._connection
        try:
            yield free
        finally:
            if free:
                self._look_away(name, connection)

    def wrest(self, name: str) -> None:
        """Take the lock from a holder that is taken for dead: its connection is ended."""
        with self._lock:
            self._ask(_HOLDERS, name)

    def forget(self, name: str) -> None:
        """Leave nothing behind: a lock that nobody holds is nowhere."""

    def close(self) -> None:
        """Let go of every lock."""
        with self._lock:
            self._held.clear()
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def _try(self, name: str) -> _HeldKey | None:
        with self._lock:
            # Within one connection the server would let the same lock be taken twice.
            if name in self._held and not self._held[name].is_lost():
                return None
            if self._looking[name] or not self._ask("SELECT pg_try_advisory_lock(%s)", name):
                return None
            held = self._held[name] = _HeldKey(self, name, self._standing())
            return held

    def _look_away(self, name: str, connection: Connection | None) -> None:
        with self._lock, suppress(StoreError):
            if self._standing() is connection:  # a new one holds nothing of the old one's
                self._looking[name] -= 1
                self._ask("SELECT pg_advisory_unlock_shared(%s)", name)

    def _let_go(self, held: _HeldKey, name: str) -> None:
        with self._lock:
            if self._held.get(name) is not held:
                return
            del self._held[name]
            if not held.is_lost():
                with suppress(StoreError):
                    self._ask("SELECT pg_advisory_unlock(%s)", name)

    def _is_gone(self, connection: Connection) -> bool:
        with self._lock:
            return is_gone(connection)

    def _ask(self, question: str, name: str) -> bool:
        connection = self._standing()
        try:
            rows = connection.execute(question, (key_of("lock", name),)).fetchall()
        except psycopg.Error as error:
            raise explain(error, self._database.name, connection) from error
        return bool(rows and rows[0][0])

    def _standing(self) -> Connection:
        if self._connection is None or is_gone(self._connection):
            if self._connection is not None:
                self._connection.close()
            self._held.clear()
            self._looking.clear()
            self._connection = self._database.connect()
        return self._connection


class _HeldKey:
    """A lock that stands as long as the connection that took it."""

    def __init__(self, locks: PostgresLocks, name: str, connection: Connection) -> None:
        self._locks = locks
        self._name = name
        self._connection: Connection | None = connection

    def release(self) -> None:
        """Let go; the process's end does the same."""
        if self._connection is not None:
            self._locks._let_go(self, self._name)  # noqa: SLF001 - its other half
            self._connection = None

    def is_lost(self) -> bool:
        """Tell whether the connection that held it is gone, or it was released."""
        return self._connection is None or self._locks._is_gone(self._connection)  # noqa: SLF001 - its other half
