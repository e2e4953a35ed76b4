"""Runs that kill whoever works on them are set aside instead of being taken up for ever."""

from __future__ import annotations

from collections.abc import Sequence

from crewctl.audit.events import Recorded, StepFinished
from crewctl.audit.events_people import CardAnswered
from crewctl.audit.events_work import RunEnqueued, RunSuspended, RunTaken

MOST_DEATHS = 5
"""Processes that a run may outlive one after the other without coming any further."""


def killed_too_often(records: Sequence[Recorded]) -> str:
    """Return why nobody should take the run up again; empty while it comes further.

    Counted is how often it was taken up since its last finished step or the last word of a person: a
    run that is merely unlucky finishes a step now and then. A worker that left in order put the run
    back on the queue, and did not die of it.
    """
    deaths = -1  # who has it now is alive
    put_back = False
    for record in reversed(records):
        event = record.event
        if isinstance(event, RunTaken):
            deaths += not put_back
            put_back = False
        elif isinstance(event, RunEnqueued):
            put_back = True
        elif isinstance(event, (CardAnswered, RunSuspended)) or (
            isinstance(event, StepFinished) and event.outcome == "done"
        ):
            break
    if deaths < MOST_DEATHS:
        return ""
    return f"{deaths} processes that worked on it died one after the other, and no step was finished"
