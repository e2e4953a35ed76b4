"""Locks on files, which the kernel drops with the process that holds them: for one machine."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from crewctl.adapters.lock_port import LockPort
from crewctl.adapters.private_folder import FILE_MODE, opened_folder
from crewctl.running.ownership import PATIENCE

_FILE = "lock"
_PLACES = {"run": "runs", "worker": "workers"}
_ONCE = "worker:"
"""Names that begin so are used by one process and never again: nothing of them stays."""

_PAUSE = 0.005


class FileLocks(LockPort):
    """The Locks port over files below ``.crewctl``: ``run:ID`` is ``runs/ID/lock``.

    A process id may be used again; these locks cannot outlive their process.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._held: set[_HeldFile] = set()

    def acquire(self, name: str, *, patience: float = PATIENCE) -> _HeldFile | None:
        """Take the lock; None if somebody else still holds it after `patience` seconds."""
        give_up = time.monotonic() + patience
        while True:
            descriptor = _open(self._root, name, create=True)
            if _locks(descriptor, fcntl.LOCK_EX) and _stands(descriptor):
                held = _HeldFile(descriptor, name, self)
                self._held.add(held)
                return held
            os.close(descriptor)
            if time.monotonic() >= give_up:
                return None
            time.sleep(_PAUSE)

    @contextmanager
    def kept_free(self, name: str) -> Iterator[bool]:
        """Give whether the lock is free, and as long as this lasts nobody can take it."""
        try:
            descriptor = _open(self._root, name, create=False)
            if not _stands(descriptor):
                os.close(descriptor)
                descriptor = _open(self._root, name, create=False)
        except FileNotFoundError:
            yield True
            return
        try:
            # Shared, so that several who look at once do not take each other for a holder.
            yield _locks(descriptor, fcntl.LOCK_SH)
        finally:
            os.close(descriptor)

    def wrest(self, name: str) -> None:
        """Take the lock from a holder that is taken for dead: its file is removed under it."""
        with suppress(FileNotFoundError), opened_folder(self._root, *_folders(name)) as folder:
            os.unlink(_FILE, dir_fd=folder)

    def forget(self, name: str) -> None:
        """Remove the file of a lock that nobody holds and nobody will want again."""
        held = self.acquire(name, patience=0)
        if held is None:
            return
        try:
            self._remove(name)
        finally:
            held.release()

    def let_go(self, held: _HeldFile) -> None:
        """Be told that a lock is about to be released."""
        self._held.discard(held)
        if held.name.startswith(_ONCE) and not held.is_lost():
            self._remove(held.name)

    def _remove(self, name: str) -> None:
        self.wrest(name)
        with suppress(OSError):  # other files may be there
            self._root.joinpath(*_folders(name)).rmdir()

    def close(self) -> None:
        """Let go of every lock."""
        for held in tuple(self._held):
            held.release()


class _HeldFile:
    """An open, locked file."""

    def __init__(self, descriptor: int, name: str, locks: FileLocks) -> None:
        self.name = name
        self._descriptor: int | None = descriptor
        self._locks = locks

    def release(self) -> None:
        """Let go; the process's end does the same."""
        if self._descriptor is not None:
            self._locks.let_go(self)
            os.close(self._descriptor)
            self._descriptor = None

    def is_lost(self) -> bool:
        """Tell whether it was released, or somebody removed the file under it."""
        return self._descriptor is None or not _stands(self._descriptor)


def _folders(name: str) -> tuple[str, ...]:
    kind, found, which = name.partition(":")
    if found and kind in _PLACES:
        return (".crewctl", _PLACES[kind], which)
    return (".crewctl", "locks", name)


def _open(root: Path, name: str, *, create: bool) -> int:
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | (os.O_CREAT if create else 0)
    with opened_folder(root, *_folders(name), create=create) as folder:
        return os.open(_FILE, flags, FILE_MODE, dir_fd=folder)


def _stands(descriptor: int) -> bool:
    """Tell whether the file is still there: a lock on a removed file says nothing."""
    return bool(os.fstat(descriptor).st_nlink)


def _locks(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
