"""How long steps of a run were running, as its account tells: what the run's timeout has used up."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from crewctl.audit.events import Recorded, StepFinished, StepStarted
from crewctl.audit.events_work import RunTaken


def seconds_running(records: Iterable[Recorded]) -> float:
    """Return the seconds in which at least one step was running.

    A step that was lost with its process counts up to the last thing that is known of that process:
    what happened between its death and the next take-up is nobody's running time.
    """
    total = timedelta()
    running: set[tuple[str, int]] = set()
    since: datetime | None = None
    last: datetime | None = None
    for record in records:
        event = record.event
        if isinstance(event, RunTaken) and since is not None and last is not None:
            total += last - since
            running.clear()
            since = None
        elif isinstance(event, StepStarted):
            since = since or record.at
            running.add((event.step, event.attempt))
        elif isinstance(event, StepFinished) and since is not None:
            running.discard((event.step, event.attempt))
            if not running:
                total += record.at - since
                since = None
        last = record.at
    if since is not None and last is not None:
        total += last - since
    return total.total_seconds()
