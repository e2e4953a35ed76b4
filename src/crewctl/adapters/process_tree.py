"""Find and kill every descendant of this process, wherever it has moved (Linux)."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from crewctl.errors import EngineError

_PR_SET_CHILD_SUBREAPER = 36
_BETWEEN_LOOKS = 0.0005


def adopt_orphans() -> None:
    """Make this process the parent of every descendant whose own parent dies.

    So a daemon that forked twice, or a process in a session of its own, cannot leave the tree.
    EngineError where the system has no such thing.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    prctl = getattr(libc, "prctl", None)
    if prctl is None or prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise EngineError("this system cannot keep a process tree together (no child subreaper)")


def children_of(pid: int) -> set[int]:
    """Return the direct children of `pid`, those of all its threads."""
    found: set[int] = set()
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                found.update(map(int, (thread / "children").read_text().split()))
    return found


def descendants_of(pid: int) -> set[int]:
    """Return all processes below `pid`, as far as they hold still while one looks."""
    found: set[int] = set()
    ahead = children_of(pid)
    while ahead:
        found |= ahead
        ahead = {below for parent in ahead for below in children_of(parent)} - found
    return found


def kill_all(pids: Iterable[int]) -> None:
    """Send SIGKILL to each process that is still there."""
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def sweep(spared: frozenset[int] = frozenset()) -> dict[int, int]:
    """Kill and reap descendants until none remain but the `spared` children and what is below them.

    Needs `adopt_orphans`: then whatever outlives its parent turns up as our own child, and having
    no child left means having no descendant left. Returns the wait status of each reaped child.
    """
    statuses: dict[int, int] = {}
    while True:
        kill_all(_unspared(spared))
        if not _reap(statuses, spared):
            return statuses
        time.sleep(_BETWEEN_LOOKS)


def _unspared(spared: frozenset[int]) -> set[int]:
    mine = children_of(os.getpid()) - spared
    return mine.union(*(descendants_of(child) for child in mine))


def _reap(statuses: dict[int, int], spared: frozenset[int]) -> bool:
    """Reap what has ended; tell whether anything that is not spared may be left."""
    if spared:
        for child in children_of(os.getpid()) - spared:
            with suppress(ChildProcessError):
                pid, status = os.waitpid(child, os.WNOHANG)
                if pid:
                    statuses[pid] = status
        return bool(children_of(os.getpid()) - spared)
    try:
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return True
            statuses[pid] = status
    except ChildProcessError:
        return False
