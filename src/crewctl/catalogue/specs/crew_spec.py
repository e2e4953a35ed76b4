"""What crews/<name>.yaml says: one crew, by its process."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, StringConstraints, Tag

from crewctl.catalogue.specs.limits_spec import LimitsSpec
from crewctl.catalogue.specs.spec import MAPPING, TEXT, Prose, Spec, shape

InputName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_-]*$")]


class InputSpec(Spec):
    """One declared input; without a default it must be given."""

    description: str = ""
    type: Literal["string", "integer", "number", "boolean"] = "string"
    example: str | int | float | bool | None = None
    default: str | int | float | bool | None = None
    choices: Annotated[list[str | int | float], Field(min_length=1)] | None = None
    pattern: str | None = None
    max_length: Annotated[int, Field(ge=1, le=1_000_000)] | None = None


class TaskUse(Spec):
    """One task in a crew's order, with the agent who does it here."""

    task: str
    agent: str | None = None


TaskEntry = Annotated[Annotated[Prose, Tag(TEXT)] | Annotated[TaskUse, Tag(MAPPING)], Discriminator(shape)]
"""A task's name, or the name with the agent who does it in this crew."""


class CrewHead(Spec):
    """What every crew has, whatever its process."""

    description: Prose
    inputs: dict[InputName, InputSpec | None] = {}
    limits: LimitsSpec | None = None
    verbose: bool | None = None


class SequentialCrew(CrewHead):
    """Tasks one after another."""

    process: Literal["sequential"]
    tasks: Annotated[list[TaskEntry], Field(min_length=1)]
    agents: list[str] = []


class HierarchicalCrew(CrewHead):
    """Tasks led by a manager who delegates to the agents."""

    process: Literal["hierarchical"]
    tasks: Annotated[list[TaskEntry], Field(min_length=1)]
    agents: Annotated[list[str], Field(min_length=1)]
    manager: str


class MarketSpec(Spec):
    """Contestants do one task apart; a judge chooses by a rubric."""

    task: str
    contestants: Annotated[list[str], Field(min_length=2, max_length=8)]
    judge: str
    rubric: str
    protocol: Literal["all_pairs"] = "all_pairs"


class MarketCrew(CrewHead):
    """Tasks first, in order; then a market over one more task."""

    process: Literal["market"]
    tasks: list[TaskEntry] = []
    market: MarketSpec


CrewSpec = Annotated[SequentialCrew | HierarchicalCrew | MarketCrew, Field(discriminator="process")]
