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

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_BETWEEN_LOOKS = 0.0005


def adopt_orphans() -> None:
    """Make this process the parent of every descendant whose own parent dies.

    So a daemon that forked twice, or a process in a session of its own, cannot leave the tree.
    EngineError where the system has no such thing.
    """
    if not _prctl(_PR_SET_CHILD_SUBREAPER, 1):
        raise EngineError("this system cannot keep a process tree together (no child subreaper)")


def adopt_no_more() -> None:
    """Undo `adopt_orphans`."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 0)


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when `parent`, which forked it, is gone; a fork of it lives on."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(70)


def _prctl(option: int, value: int) -> bool:
    prctl = getattr(ctypes.CDLL(None, use_errno=True), "prctl", None)
    return prctl is not None and prctl(option, value, 0, 0, 0) == 0


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


def put_down(pid: int, patience: float) -> None:
    """Kill `pid`, which has adopted orphans and is deaf itself, after everything below it.

    In this order, because what is below a dead process is nobody's to find. `patience` is in seconds.
    """
    until = time.monotonic() + patience
    while (living := {one for one in descendants_of(pid) if _lives(one)}) and time.monotonic() < until:
        kill_all(living)
        time.sleep(_BETWEEN_LOOKS)
    kill_all({pid})


def sweep_strays(others: frozenset[int], patience: float) -> None:
    """Kill and reap the children that we have adopted, where a process that should have done so was killed.

    `others` were our children before. What we start ourselves is spared: it is in our session, which
    nobody who has left it comes back into. `patience` is in seconds.
    """
    until = time.monotonic() + patience
    while (found := _strays(others)) and time.monotonic() < until:
        kill_all(found.union(*(descendants_of(child) for child in found)))
        for child in found:
            with suppress(ChildProcessError):
                os.waitpid(child, os.WNOHANG)
        time.sleep(_BETWEEN_LOOKS)


def _strays(others: frozenset[int]) -> set[int]:
    ours = os.getsid(0)
    return {child for child in children_of(os.getpid()) - others if _session(child) not in {ours, None}}


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None


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
