"""What an entry says about starting its crew by the clock, or when another crew has ended."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from crewctl.catalogue.specs.crew_spec import InputName
from crewctl.catalogue.specs.model_spec import EnvReference
from crewctl.catalogue.specs.quantities import Duration
from crewctl.catalogue.specs.spec import Name, Prose, Spec

Scalar = str | int | float | bool
Overlap = Literal["skip", "queue", "allow"]
EndedAs = Literal[
    "finished", "failed", "not_approved", "limit_reached", "stopped", "interrupted", "undecided", "lost"
]
"""How a run can end, as reports call it."""


class ScheduleSpec(Spec):
    """One schedule of a crew: when it starts, with which inputs, and what to do about late and busy times.

    `overlap` says what becomes of a start while the run of an earlier one goes on. `missed` says what
    becomes of times that passed while no worker was there. `jitter` puts every start off by a time that
    is the crew's own, up to this.
    """

    name: Name = "main"
    cron: Prose
    timezone: Prose = "UTC"
    enabled: bool = True
    inputs: dict[InputName, Scalar] = {}
    overlap: Overlap = "skip"
    missed: Literal["skip", "once", "all"] = "once"
    jitter: Annotated[Duration, Field(le=3600)] | None = None


class TriggerSpec(Spec):
    """Start the crew once for every run of `crew` that ends as `outcome`.

    In `inputs`, ``{inputs.company}`` is an input of that run, ``{output}`` its output and ``{run}`` its id.
    `overlap` says what becomes of a start while the run of an earlier one goes on.
    """

    crew: Prose
    outcome: EndedAs = "finished"
    inputs: dict[InputName, Scalar] = {}
    overlap: Overlap = "allow"


class WebhookRules(Spec):
    """Where the secret comes from with which requests to the webhook are signed."""

    secret: EnvReference = "${env:CREWCTL_WEBHOOK_SECRET}"  # noqa: S105 - the name of one, and not the secret


ONE = "<one>"
SEVERAL = "<several>"


def _how_many(value: Any) -> str:
    return SEVERAL if isinstance(value, list) else ONE


Schedules = Annotated[
    Annotated[ScheduleSpec, Tag(ONE)]
    | Annotated[Annotated[list[ScheduleSpec], Field(min_length=1, max_length=20)], Tag(SEVERAL)],
    Discriminator(_how_many),
]
"""One schedule, or a list of them with a name each."""

Triggers = Annotated[
    Annotated[TriggerSpec, Tag(ONE)]
    | Annotated[Annotated[list[TriggerSpec], Field(min_length=1, max_length=20)], Tag(SEVERAL)],
    Discriminator(_how_many),
]
"""One trigger, or a list of them."""
