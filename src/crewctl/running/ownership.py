"""Who works on a run: owners that can be overtaken, locks that die with their process, workers that beat."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

PATIENCE = 5.0
"""Seconds to wait for somebody who is only looking whether a lock is held."""

LEASE_SECONDS = 20.0
"""Seconds without a beat after which a worker counts as dead although its process is still there: frozen."""


def run_lock(run_id: str) -> str:
    """Return the name of the lock that whoever works on the run holds."""
    return f"run:{run_id}"


def worker_lock(executor: str) -> str:
    """Return the name of the lock that the process with this executor id holds for as long as it lives."""
    return f"worker:{executor}"


@dataclass(frozen=True)
class Owner:
    """Who took the run up as the `epoch`-th; a higher epoch overtakes it."""

    run_id: str
    epoch: int


class Held(Protocol):
    """A lock in one's hand."""

    def release(self) -> None:
        """Let go; the end of the process does the same."""
        ...

    def is_lost(self) -> bool:
        """Tell whether it slipped away: the connection that held it is gone."""
        ...


class Locks(Protocol):
    """Named locks that cannot outlive their process. Not re-entrant, even within a process."""

    def acquire(self, name: str, *, patience: float = PATIENCE) -> Held | None:
        """Take the lock; None if somebody else still holds it after `patience` seconds."""
        ...

    def hold(self, name: str, *, patience: float = PATIENCE) -> AbstractContextManager[Held]:
        """Hold the lock; StoreError if somebody else still holds it after `patience` seconds."""
        ...

    def is_held(self, name: str) -> bool:
        """Tell whether some process holds the lock. One that never was taken is free."""
        ...

    def kept_free(self, name: str) -> AbstractContextManager[bool]:
        """Give whether the lock is free, and as long as this lasts nobody can take it.

        On files this keeps only what was taken before: of a new lock somebody may be the first.
        """
        ...

    def wrest(self, name: str) -> None:
        """Take the lock from a holder that is taken for dead, a frozen one say; it is free afterwards."""
        ...

    def forget(self, name: str) -> None:
        """Leave nothing behind of a lock that nobody will want again; one that is held stays."""
        ...

    def close(self) -> None:
        """Let go of every lock."""
        ...


@dataclass(frozen=True)
class Worker:
    """A process that works on runs; `started_at` and `seen_at` are the database's seconds since 1970."""

    executor: str
    host: str
    pid: int
    slots: int
    started_at: float
    seen_at: float


class Workers(Protocol):
    """The processes that work on runs, and which of them are dead."""

    def begin(self, executor: str, slots: int) -> None:
        """Note that this process works on runs, on so many at once; call it with its lock held."""
        ...

    def beat(self, executor: str) -> bool:
        """Say that it still lives; False when it was taken for dead meanwhile and struck off."""
        ...

    def end(self, executor: str) -> None:
        """Strike the process off: it left in order, or its runs were taken over."""
        ...

    def all_workers(self) -> Sequence[Worker]:
        """Return every process that is noted, oldest first."""
        ...

    def dead_workers(self, lease_seconds: float) -> Sequence[Worker]:
        """Return those whose lock is free or whose last beat is longer ago than the lease."""
        ...
