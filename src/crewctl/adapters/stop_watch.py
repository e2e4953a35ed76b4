"""Notice that another process has asked for this run's end."""

from __future__ import annotations

import threading
import time

from crewctl.audit.events import StopRequested
from crewctl.audit.port import RunStore
from crewctl.running.stop import StopFlag

EVERY = 0.2
"""Seconds between two looks at the account."""


class StopWatch:
    """Looks for `StopRequested` in the run's account; several may call `look`, one at a time looks."""

    def __init__(self, store: RunStore, run_id: str, flag: StopFlag) -> None:
        self._store = store
        self._run_id = run_id
        self._flag = flag
        self._lock = threading.Lock()
        self._seen = 0
        self._next = 0.0

    def look(self) -> None:
        """Set the flag if a request has come; does nothing more often than `EVERY` seconds."""
        now = time.monotonic()
        if now < self._next or not self._lock.acquire(blocking=False):
            return
        try:
            self._next = now + EVERY
            for recorded in self._store.events_of(self._run_id, after=self._seen):
                self._seen = recorded.seq
                if isinstance(recorded.event, StopRequested):
                    self._flag.request(recorded.event.by, recorded.event.reason)
        finally:
            self._lock.release()
