"""What files say about faults: how often to try again, and when to leave somebody alone."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from crewctl.catalogue.specs.quantities import Duration
from crewctl.catalogue.specs.spec import Spec

OnFailure = Literal["fail", "continue", "skip", "ask"]
"""What a task that came to nothing does to its run.

``fail`` ends it. With ``continue`` later tasks are told that this one came to nothing; with ``skip`` they
do not hear of it. With ``ask`` a person decides: once more, a text in its place, or without it.
"""


class TaskRetrySpec(Spec):
    """How a task that failed for a passing reason is tried again; `attempts` counts all tries.

    Before the second try it waits `backoff`, before each further one `factor` times as long, at most
    `longest`; `jitter` is the share by which a wait is made longer or shorter.
    """

    attempts: Annotated[int, Field(ge=1, le=20)] = 3
    backoff: Duration = 2.0
    factor: Annotated[float, Field(ge=1, le=10)] = 2.0
    jitter: Annotated[float, Field(ge=0, le=0.5)] = 0.2
    longest: Duration = 60.0

    @model_validator(mode="after")
    def _waits_as_long_as_it_says(self) -> Self:
        if {"longest", "backoff"} <= self.model_fields_set and self.longest < self.backoff:
            msg = "longest is shorter than backoff, which is the first wait already"
            raise ValueError(msg)
        return self


class BreakerSpec(Spec):
    """After so many passing `failures` `within` some time nobody calls the endpoint or tool for `open_for`.

    Then one call is let through: if it works all are, if not the time begins anew.
    """

    failures: Annotated[int, Field(ge=1, le=1000)] = 5
    within: Duration = 60.0
    open_for: Duration = 30.0
