"""Keep what a step's processes print: without secrets, within bounds, readable by its owner only."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from crewctl.adapters.private_folder import FILE_MODE, NEW_FILE, write_all
from crewctl.audit.redaction import Redaction

LARGEST = 8 * 2**20
"""Bytes kept of what a step prints; of what comes after them, the end is kept."""

LAST = 16 * 2**10
"""Bytes kept of the end."""


class StepLog:
    """The log of one attempt at a step: it is printed into a pipe, and only this process writes the file.

    So a secret that is printed is on no disk at any moment, and a child that replaces the file reaches
    nobody's. A log is a convenience: that it cannot be written stops nothing.
    """

    def __init__(self, file: Path, redaction: Redaction, *, largest: int = LARGEST) -> None:
        self._redaction = redaction
        self._largest = largest
        self._uncertain = b""
        self._written = 0
        self._left_out = 0
        self._end = b""
        self._file: int | None = None
        with suppress(OSError):
            self._file = os.open(file, NEW_FILE, FILE_MODE)

    def __enter__(self) -> Self:
        """Return the log, open."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.close()

    def take(self, printed: bytes) -> None:
        """Add what was printed next."""
        certain, self._uncertain = self._redaction.beginning_of(self._uncertain + printed)
        self._keep(certain)

    def close(self) -> None:
        """Write what is left; nothing more is taken. Closing again does nothing."""
        self._keep(self._redaction.of_bytes(self._uncertain))
        self._uncertain = b""
        if self._left_out:
            end = self._end[-min(LAST, self._left_out) :]
            missing = self._left_out - len(end)
            self._write(f"\n[crewctl left out {missing} bytes here]\n".encode() + end if missing else end)
            self._left_out = 0
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def last(self, lines: int, limit: int = 4_096) -> str:
        """Return the last lines of what was taken, of at most `limit` bytes."""
        text = self._end[-limit:].decode("utf-8", "replace")
        return "\n".join(text.rstrip().splitlines()[-lines:])

    def _keep(self, text: bytes) -> None:
        room = self._largest - self._written
        self._write(text[:room])
        self._written += min(len(text), room)
        self._left_out += max(0, len(text) - room)
        self._end = (self._end + text)[-LAST:]

    def _write(self, text: bytes) -> None:
        if self._file is None:
            return
        try:
            write_all(self._file, text)
        except OSError:
            os.close(self._file)
            self._file = None
