"""The wish that a run should end: set by a signal or by a request in the run's account."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Literal

Cause = Literal["", "request", "signal", "leave"]


class StopFlag:
    """Set once, never cleared. Without locks, because signal handlers set it too.

    `cause` says whether a person asked for the stop (`request`) or a signal did (`signal`), or whether
    only this process leaves the run, for another to take up (`leave`);
    `urgent` is set by a second signal: then nothing is waited for.
    """

    def __init__(self) -> None:
        self.cause: Cause = ""
        self.by = ""
        self.reason = ""
        self.urgent = False
        self._listeners: tuple[Callable[[], None], ...] = ()

    @property
    def is_set(self) -> bool:
        """Whether the run should end."""
        return bool(self.cause)

    @property
    def why(self) -> str:
        """Who or what asked for it, in words for the report."""
        if self.cause == "signal":
            return f"interrupted by {'Ctrl-C' if self.by == 'SIGINT' else self.by}"
        return f"stopped by {self.by}" + (f": {self.reason}" if self.reason else "")

    def request(self, by: str, reason: str = "") -> None:
        """Note that a person asked for the stop; a signal that came first keeps its place."""
        self._set("request", by, reason)

    def leave(self) -> None:
        """Note that this process will not go on with the run: it is not over."""
        self._set("leave", "", "")

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` when the flag is set; it must be quick and take no locks."""
        self._listeners = (*self._listeners, listener)

    def forget(self, listener: Callable[[], None]) -> None:
        """Call `listener` no more."""
        self._listeners = tuple(kept for kept in self._listeners if kept != listener)

    @contextmanager
    def on_signals(self) -> Iterator[StopFlag]:
        """Let SIGINT, SIGTERM and SIGHUP set the flag, and put the old handlers back at the end.

        Only the main thread can do this.
        """
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, self._on_signal) for number in numbers}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self.urgent = self.urgent or self.cause == "signal"
        self._set("signal", signal.Signals(number).name, "")

    def _set(self, cause: Cause, by: str, reason: str) -> None:
        if not self.cause:
            self.by, self.reason, self.cause = by, reason, cause
        for listener in self._listeners:
            listener()
