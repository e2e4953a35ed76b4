"""Finds the process that is in the middle of a change to a SQLite file, without touching the file's locks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

_LOCKS = Path("/proc/locks")
_WRITE_LOCK = 120
"""The byte of the ``-shm`` file that a writer locks, by SQLite's file format."""


class Writer(NamedTuple):
    """A process that holds the write lock; `frozen` when it was stopped and may never go on."""

    pid: int
    frozen: bool


def writer_of(database: Path) -> Writer | None:
    """Return who writes; None where that is nobody, or cannot be known (only Linux tells)."""
    # Opening the file to ask would be wrong: closing it again drops this process's own locks on it.
    try:
        status = Path(f"{database}-shm").stat()
        place = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
        for line in _LOCKS.read_text().splitlines():
            words = line.split()
            if words[1:2] == ["POSIX"] and words[3] == "WRITE" and words[5] == place and _covers(words):
                return Writer(int(words[4]), _is_frozen(int(words[4])))
    except (OSError, ValueError, IndexError):
        return None
    return None


def _covers(words: list[str]) -> bool:
    return int(words[6]) <= _WRITE_LOCK and (words[7] == "EOF" or int(words[7]) >= _WRITE_LOCK)


def _is_frozen(pid: int) -> bool:
    # The name in parentheses may hold anything, even parentheses; the state comes behind it.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in {"T", "t"}
