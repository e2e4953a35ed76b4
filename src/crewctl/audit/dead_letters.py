"""Runs that failed while nobody watched, or kept killing their workers: set aside until a person decides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from crewctl.audit.events import KickoffRequested, Outcome, Recorded, RunClosed
from crewctl.audit.events_faults import DeadLettered, DeadLetterSettled
from crewctl.audit.fact import Fact

UNATTENDED = frozenset({"schedule", "trigger", "spool", "webhook"})
"""What asks for runs at which nobody waits."""

DEAD = frozenset[Outcome]({"failed", "not_approved", "limit_reached", "lost", "interrupted"})
"""How a run that is set aside may have ended."""


class DeadLetter(Fact):
    """A run that was set aside; `settled` is what a person decided about it, None while nobody has.

    `retried` is how often people had run the same work again before, in vain.
    """

    run_id: str
    crew: str
    by: str
    source: str
    why: str
    at: datetime
    outcome: Outcome | None = None
    error: str = ""
    retried: int = 0
    settled: DeadLetterSettled | None = None


def is_unattended(request: KickoffRequested) -> bool:
    """Tell whether nobody waits at a terminal for the run, who would see it fail."""
    return not request.rehearsal and (request.detached or request.source in UNATTENDED)


def is_set_aside(request: KickoffRequested, outcome: Outcome) -> bool:
    """Tell whether a run that ends so is set aside: it failed, and nobody saw it.

    One that stands for a run that was set aside is whoever watched, and also where it was refused, reached
    a limit, was interrupted or was lost: the work is still to be done. Only a person's stop ends it for good.
    """
    if request.dead_retry:
        return outcome in DEAD
    return outcome == "failed" and is_unattended(request)


def fold_dead(records: Sequence[Recorded]) -> DeadLetter | None:
    """Return the dead letter that the run is, settled or not; None if it was never set aside."""
    letter: DeadLetter | None = None
    request = next((r.event for r in records if isinstance(r.event, KickoffRequested)), None)
    for record in records:
        event = record.event
        if isinstance(event, DeadLettered):
            letter = DeadLetter(
                run_id=record.run_id,
                crew=request.crew if request else "",
                by=request.by if request else "",
                source=request.source if request else "person",
                why=event.why,
                at=record.at,
                retried=request.dead_retry if request else 0,
            )
        elif letter is not None and isinstance(event, RunClosed):
            letter = letter.model_copy(update={"outcome": event.outcome, "error": event.error})
        elif letter is not None and isinstance(event, DeadLetterSettled):
            letter = letter.model_copy(update={"settled": event})
    return letter
