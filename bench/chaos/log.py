"""What was done to the runs, kept for the table at the end."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field

from exits import Left


@dataclass
class Log:
    """Safe from several threads. `followed` counts what came of each kind of kill, in words."""

    kills: Counter[str] = field(default_factory=Counter)
    followed: Counter[tuple[str, str]] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    left: list[Left] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def kill(self, kind: str) -> None:
        """Note a kill."""
        with self._lock:
            self.kills[kind] += 1

    def follow(self, kind: str, what: str) -> None:
        """Note what followed a kill."""
        with self._lock:
            self.followed[kind, what] += 1

    def answer(self, what: str) -> None:
        """Note how a person answered."""
        with self._lock:
            self.answers[what] += 1

    def leave(self, left: Left) -> None:
        """Note how a process that was not killed ended."""
        with self._lock:
            self.left.append(left)

    def breaks(self, what: str) -> None:
        """Note a promise that did not hold, seen on the way."""
        with self._lock:
            self.broken.append(what)
