"""The report's page on faults: what was tried again, who took over, what the run went on without."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from crewctl.audit.events import Recorded
from crewctl.audit.events_faults import BreakerOpened, FallbackTaken, StepGivenUp, StepRetryScheduled
from crewctl.audit.fact import Fact


class StepRetryDone(Fact):
    """A step was tried again `delay_seconds` after its attempt number `attempt` had failed."""

    step: str
    at: datetime
    attempt: int
    error: str
    delay_seconds: float


class FallbackDone(Fact):
    """Another agent or model took a step over."""

    step: str
    at: datetime
    what: Literal["agent", "model"]
    instead_of: str
    taken: str
    error: str


class GivenUpDone(Fact):
    """A task came to nothing and the run went on: later tasks were told so (``continue``) or not (``skip``)."""

    step: str
    task: str
    how: Literal["continue", "skip"]
    error: str


class BreakerDone(Fact):
    """An endpoint or a tool was left alone from this run's failures on."""

    target: str
    at: datetime
    failures: int
    until: datetime


class FaultsDone(Fact):
    """All that was done about faults, in the order in which it came."""

    retries: tuple[StepRetryDone, ...] = ()
    fallbacks: tuple[FallbackDone, ...] = ()
    given_up: tuple[GivenUpDone, ...] = ()
    breakers: tuple[BreakerDone, ...] = ()


def faults_done(records: Sequence[Recorded]) -> FaultsDone:
    """Return what the account tells of faults."""
    return FaultsDone(
        retries=tuple(
            StepRetryDone(
                step=r.event.step,
                at=r.at,
                attempt=r.event.attempt,
                error=r.event.error,
                delay_seconds=r.event.delay,
            )
            for r in records
            if isinstance(r.event, StepRetryScheduled)
        ),
        fallbacks=tuple(
            FallbackDone(at=r.at, **r.event.model_dump(exclude={"kind"}))
            for r in records
            if isinstance(r.event, FallbackTaken)
        ),
        given_up=tuple(
            GivenUpDone(**r.event.model_dump(exclude={"kind"}))
            for r in records
            if isinstance(r.event, StepGivenUp)
        ),
        breakers=tuple(
            BreakerDone(at=r.at, **r.event.model_dump(exclude={"kind"}))
            for r in records
            if isinstance(r.event, BreakerOpened)
        ),
    )
