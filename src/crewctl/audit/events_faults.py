"""Events of what is done about faults: another try, somebody else, or going on without."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from crewctl.audit.fact import Fact


class StepRetryScheduled(Fact):
    """A step failed for a passing reason; it is tried again after `delay` seconds. `attempt` failed."""

    kind: Literal["StepRetryScheduled"] = "StepRetryScheduled"
    step: str
    attempt: int
    error: str
    delay: float


class FallbackTaken(Fact):
    """An agent or a model keeps failing, and another takes over the step."""

    kind: Literal["FallbackTaken"] = "FallbackTaken"
    step: str
    what: Literal["agent", "model"]
    instead_of: str
    taken: str
    error: str


class StepGivenUp(Fact):
    """A step came to nothing, and the run goes on as its `on_failure` says: the result is partial."""

    kind: Literal["StepGivenUp"] = "StepGivenUp"
    step: str
    task: str
    how: Literal["continue", "skip"]
    error: str


class BreakerOpened(Fact):
    """A model endpoint or a tool failed so often that nobody calls it until `until`."""

    kind: Literal["BreakerOpened"] = "BreakerOpened"
    target: str
    failures: int
    until: datetime


class DeadLettered(Fact):
    """The run is set aside for a person: it cannot be finished by trying again."""

    kind: Literal["DeadLettered"] = "DeadLettered"
    why: str


class DeadLetterSettled(Fact):
    """A person decided what becomes of a run that was set aside: run again as a new run, or put away."""

    kind: Literal["DeadLetterSettled"] = "DeadLetterSettled"
    how: Literal["retried", "dropped"]
    by: str
    reason: str = ""
