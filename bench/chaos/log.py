"""What was done to the runs, kept for the table at the end."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Log:
    """Safe from several threads. `followed` counts what came of each kind of kill, in words."""

    kills: Counter[str] = field(default_factory=Counter)
    followed: Counter[tuple[str, str]] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    struck: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def kill(self, kind: str, *runs: str) -> None:
        """Note a kill, and the runs that it may have struck."""
        with self._lock:
            self.kills[kind] += 1
            self.struck.update(runs)

    def follow(self, kind: str, what: str) -> None:
        """Note what followed a kill."""
        with self._lock:
            self.followed[kind, what] += 1

    def answer(self, what: str) -> None:
        """Note how a person answered."""
        with self._lock:
            self.answers[what] += 1

    def breaks(self, what: str) -> None:
        """Note a promise that did not hold, seen on the way."""
        with self._lock:
            self.broken.append(what)
