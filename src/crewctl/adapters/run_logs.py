"""Write ``.crewctl/runs/<run>/run.log``, one line for every event, and pass events on as they happen."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from crewctl.adapters.private_folder import FILE_MODE, opened_folder, write_all
from crewctl.audit.events import Event, Recorded, RunClosed
from crewctl.audit.fact import Fact
from crewctl.audit.log_lines import log_line
from crewctl.audit.port import RunStore

LOG_NAME = "run.log"
_FOLDERS = (".crewctl", "runs")


class RunLogs:
    """The log files of one project's runs. A log is a convenience: that it cannot be written stops nothing."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._open: dict[str, int] = {}
        self._lock = threading.Lock()

    def write(self, record: Recorded) -> None:
        """Add the event's line to its run's log; the file is let go when the run closes."""
        line = f"{log_line(record)}\n".encode("utf-8", "replace")
        with self._lock:
            try:
                # One write a line, at the end of the file: lines of several processes stay whole.
                write_all(self._descriptor(record.run_id), line)
                if isinstance(record.event, RunClosed):
                    os.close(self._open.pop(record.run_id))
            except OSError:
                return  # the event itself is kept, and `crewctl logs` reads events

    def close(self) -> None:
        """Let every file go."""
        with self._lock:
            while self._open:
                os.close(self._open.popitem()[1])

    def _descriptor(self, run_id: str) -> int:
        if run_id not in self._open:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            with opened_folder(self._root, *_FOLDERS, run_id, create=True) as folder:
                self._open[run_id] = os.open(LOG_NAME, flags, FILE_MODE, dir_fd=folder)
        return self._open[run_id]


class WatchedRunStore:
    """The RunStore port over another one; every watcher hears each event once it is kept.

    Watchers hear one event at a time, from whichever thread appended it. What a watcher raises
    reaches the one who appended, after the event has been kept.
    """

    def __init__(self, store: RunStore, *watchers: Callable[[Recorded], None]) -> None:
        self._store = store
        self._watchers = watchers
        self._lock = threading.Lock()

    def append(self, run_id: str, event: Event) -> Recorded:
        """Add one event, then tell the watchers."""
        with self._lock:  # held over both, so that watchers hear events in their order
            record = self._store.append(run_id, event)
            for watch in self._watchers:
                watch(record)
        return record

    def events_of(self, run_id: str, *, after: int = 0) -> Sequence[Recorded]:
        """Return the run's events above `after`, in order."""
        return self._store.events_of(run_id, after=after)

    def events_of_kinds(self, run_id: str, kinds: tuple[type[Fact], ...]) -> Sequence[Recorded]:
        """Return the run's events of these kinds, in order."""
        return self._store.events_of_kinds(run_id, kinds)

    def run_ids(self, *, crew: str | None = None) -> Sequence[str]:
        """Return the ids of all runs, newest first."""
        return self._store.run_ids(crew=crew)

    def open_run_ids(self) -> Sequence[str]:
        """Return the ids of the runs that have no RunClosed, oldest first."""
        return self._store.open_run_ids()
