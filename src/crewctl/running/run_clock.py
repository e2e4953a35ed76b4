"""The run's clock in the process that has the run: what counts is said at `RunningTime`."""

from __future__ import annotations

import threading
from collections.abc import Callable


class RunClock:
    """Starts with the first child that is ready; stands still while no step runs. Thread-safe.

    `spent` is what the account says was counted by whoever had the run before.
    """

    def __init__(self, monotonic: Callable[[], float], *, spent: float = 0.0) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._spent = spent
        self._running = 0
        self._since = 0.0

    def enter(self) -> None:
        """Count on: a step's child is ready."""
        with self._lock:
            if self._running == 0:
                self._since = self._monotonic()
            self._running += 1

    def leave(self) -> None:
        """Count one step less."""
        with self._lock:
            self._running -= 1
            if self._running == 0:
                self._spent += self._monotonic() - self._since

    def elapsed(self) -> float:
        """Return the seconds counted so far."""
        with self._lock:
            running = self._monotonic() - self._since if self._running else 0.0
            return self._spent + running
