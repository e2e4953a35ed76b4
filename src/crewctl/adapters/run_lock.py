"""Tell the living runs from the dead by a file lock that the kernel drops with its process."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from crewctl.adapters.private_folder import FILE_MODE, opened_folder
from crewctl.errors import StoreError

_FOLDERS = (".crewctl", "runs")
_FILE = "lock"
PATIENCE = 5.0
"""Seconds to wait for somebody who is only looking whether the run lives."""


class RunLock:
    """Held for as long as a run's parent lives: take it *before* the run's first event.

    A process id may be used again; this lock cannot outlive its process. The file is never
    removed, because a lock on a removed file says nothing.
    """

    def __init__(self, root: Path, run_id: str) -> None:
        self._root = root
        self._run_id = run_id
        self._descriptor: int | None = None

    def acquire(self, *, patience: float = PATIENCE) -> bool:
        """Take the lock; False if another process still holds it after `patience` seconds."""
        descriptor = _open(self._root, self._run_id, create=True)
        give_up = time.monotonic() + patience
        while not _locks(descriptor, fcntl.LOCK_EX):
            if time.monotonic() >= give_up:
                os.close(descriptor)
                return False
            time.sleep(0.005)
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Let go; the process's end does the same."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        if not self.acquire():
            raise StoreError(f"run {self._run_id} is already being worked on by another process")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def is_alive(root: Path, run_id: str) -> bool:
    """Tell whether some process works on the run. A run that never had a lock is dead."""
    with kept_dead(root, run_id) as dead:
        return not dead


@contextmanager
def kept_dead(root: Path, run_id: str) -> Iterator[bool]:
    """Give whether the run is dead, and as long as this lasts nobody can begin to work on it."""
    try:
        descriptor = _open(root, run_id, create=False)
    except FileNotFoundError:
        yield True
        return
    try:
        # Shared, so that several who look at once do not take each other for the run.
        yield _locks(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def _open(root: Path, run_id: str, *, create: bool) -> int:
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | (os.O_CREAT if create else 0)
    with opened_folder(root, *_FOLDERS, run_id, create=create) as folder:
        return os.open(_FILE, flags, FILE_MODE, dir_fd=folder)


def _locks(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
