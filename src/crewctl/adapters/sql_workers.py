"""Which processes work on runs, and which of them are dead: by their locks and by their heartbeats."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence

from crewctl.adapters.database import Database, Part
from crewctl.running.ownership import Locks, Worker, worker_lock

WORKERS = Part(
    "workers",
    1,
    (
        """CREATE TABLE workers (
            executor TEXT PRIMARY KEY,
            host TEXT NOT NULL,
            pid INTEGER NOT NULL,
            slots INTEGER NOT NULL,
            started_at REAL NOT NULL,
            seen_at REAL NOT NULL
        )""",
    ),
)
_ABOUT = "workers"


class SqlWorkers:
    """The Workers port over the machine state's database and its locks.

    The time of every beat is the database's, so that clocks of several machines need not agree.
    """

    def __init__(self, database: Database, locks: Locks) -> None:
        self._database = database
        self._locks = locks

    def begin(self, executor: str, slots: int) -> None:
        """Note that this process works on runs, on so many at once; call it with its lock held."""
        with self._database.writing(WORKERS, about=_ABOUT, durable=False) as session:
            now = session.now()
            session.execute(
                "INSERT INTO workers VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (executor) DO UPDATE"
                " SET slots=excluded.slots, seen_at=excluded.seen_at",
                (executor, socket.gethostname(), os.getpid(), slots, now, now),
            )

    def beat(self, executor: str) -> bool:
        """Say that it still lives; False when it was taken for dead meanwhile and struck off."""
        with self._database.writing(WORKERS, about=_ABOUT, durable=False) as session:
            rows = session.execute(
                "UPDATE workers SET seen_at=? WHERE executor=? RETURNING executor", (session.now(), executor)
            )
            return bool(rows.fetchall())

    def end(self, executor: str) -> None:
        """Strike the process off: it left in order, or its runs were taken over."""
        with self._database.writing(WORKERS, about=_ABOUT, durable=False) as session:
            session.execute("DELETE FROM workers WHERE executor=?", (executor,))
        self._locks.forget(worker_lock(executor))

    def all_workers(self) -> Sequence[Worker]:
        """Return every process that is noted, oldest first."""
        return self._workers()[0]

    def dead_workers(self, lease_seconds: float) -> Sequence[Worker]:
        """Return those whose lock is free or whose last beat is longer ago than the lease."""
        workers, now = self._workers()
        return tuple(
            worker
            for worker in workers
            if now - worker.seen_at > lease_seconds or not self._locks.is_held(worker_lock(worker.executor))
        )

    def _workers(self) -> tuple[tuple[Worker, ...], float]:
        if not self._database.is_there():
            return (), 0.0
        with self._database.reading(WORKERS) as session:
            rows = session.execute(
                "SELECT executor, host, pid, slots, started_at, seen_at FROM workers ORDER BY started_at, executor"
            ).fetchall()
            return tuple(Worker(*row) for row in rows), session.now()
