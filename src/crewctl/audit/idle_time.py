"""How long nobody worked on a run: it waited for people or a worker, or its process was dead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from crewctl.audit.events import Recorded, RunClosed
from crewctl.audit.events_work import RunEnqueued, RunSuspended, RunTaken


def seconds_idle(records: Sequence[Recorded], since: datetime | None) -> float:
    """Return the seconds after `since` in which nobody worked on the run; none where the clock never began."""
    if since is None:
        return 0.0
    return sum(_between(max(start, since), end) for start, end, _ in _gaps(records))


def seconds_waited(records: Sequence[Recorded]) -> float:
    """Return the seconds for which the run was put down until people had answered."""
    return sum(_between(start, end) for start, end, for_people in _gaps(records) if for_people)


def _gaps(records: Sequence[Recorded]) -> Iterator[tuple[datetime, datetime, bool]]:
    """Yield from when to when nobody worked on it, and whether it waited for people."""
    since: datetime | None = None
    for_people = False
    last: datetime | None = None
    for record in records:
        event = record.event
        if isinstance(event, RunSuspended | RunEnqueued):
            since, for_people = since or record.at, for_people or isinstance(event, RunSuspended)
        elif isinstance(event, RunTaken | RunClosed):
            # Of a process that died, the last thing that it wrote is the last that is known of it.
            start = since or (last if isinstance(event, RunTaken) else None)
            if start is not None:
                yield start, record.at, for_people
            since, for_people = None, False
        last = record.at
        if isinstance(event, RunClosed):
            return
    if since is not None and last is not None:
        yield since, last, for_people


def _between(start: datetime, end: datetime) -> float:
    # The clock on the wall can be set back during a run; time cannot.
    return max(0.0, (end - start).total_seconds())
