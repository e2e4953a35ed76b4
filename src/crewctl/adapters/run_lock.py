"""Tell the living runs from the dead by a file lock that the kernel drops with its process."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

from crewctl.adapters.file_locks import FileLocks, said_held
from crewctl.errors import StoreError
from crewctl.running.ownership import PATIENCE, Held, run_lock


class RunLock:
    """Held for as long as a run's parent lives: take it *before* the run's first event.

    A process id may be used again; this lock cannot outlive its process.
    """

    def __init__(self, root: Path, run_id: str) -> None:
        self._root = root
        self._run_id = run_id
        self._held: Held | None = None

    def acquire(self, *, patience: float = PATIENCE) -> bool:
        """Take the lock; False if another process still holds it after `patience` seconds."""
        self._held = FileLocks(self._root).acquire(run_lock(self._run_id), patience=patience)
        return self._held is not None

    def release(self) -> None:
        """Let go; the process's end does the same."""
        if self._held is not None:
            self._held.release()
            self._held = None

    def __enter__(self) -> Self:
        if not self.acquire():
            raise StoreError(said_held(run_lock(self._run_id)))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def is_alive(root: Path, run_id: str) -> bool:
    """Tell whether some process works on the run. A run that never had a lock is dead."""
    return FileLocks(root).is_held(run_lock(run_id))


def kept_dead(root: Path, run_id: str) -> AbstractContextManager[bool]:
    """Give whether the run is dead, and as long as this lasts nobody can begin to work on it."""
    return FileLocks(root).kept_free(run_lock(run_id))
