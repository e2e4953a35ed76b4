"""What crews/<name>.yaml says: one crew, by its process."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, StringConstraints, Tag

from crewctl.catalogue.specs.faults_spec import TaskRetrySpec
from crewctl.catalogue.specs.limits_spec import LimitsSpec
from crewctl.catalogue.specs.spec import LIST, MAPPING, TEXT, Prose, Spec, shape

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
    retry: TaskRetrySpec | None = None
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


PEOPLE = ("person", "vote")
"""Judges who are people: words of the format, and no agents."""


class JudgeUse(Spec):
    """One judge of a panel; a vote of weight 2 counts as much as two votes of weight 1."""

    agent: str
    weight: Annotated[float, Field(gt=0, le=100)] = 1.0


JudgeEntry = Annotated[Annotated[Prose, Tag(TEXT)] | Annotated[JudgeUse, Tag(MAPPING)], Discriminator(shape)]
"""A judge's name, or the name with the weight of its vote."""

Panel = Annotated[list[JudgeEntry], Field(min_length=1, max_length=7)]
Judges = Annotated[
    Annotated[Prose, Tag(TEXT)] | Annotated[Panel, Tag(LIST)], Discriminator(lambda said: shape(said, LIST))
]
"""One judge's name, ``person``, ``vote``, or a panel."""

ProtocolName = Literal[
    "balanced_top3", "both_orders", "all_pairs", "listwise_rotations", "single", "adaptive"
]


class MarketSpec(Spec):
    """Contestants do one task apart; a judge, a panel or people choose by a rubric.

    `substitutes` take the seats of judges whose model is of a contestant's family; `second_opinion`
    names judges who are asked only when the first came to no clear choice. Without `protocol`, two
    contestants are judged by ``both_orders`` and more by ``balanced_top3``. `ballots` is how many people
    a ``vote`` waits for. With ``decision: merge`` the `editor` writes one text from all drafts, which wins
    only if it beats the best of them; with ``consensus`` the judge draws up what the drafts agree on.
    """

    task: str
    contestants: Annotated[list[str], Field(min_length=2, max_length=8)]
    judge: Judges
    substitutes: list[str] = []
    second_opinion: Annotated[list[str], Field(max_length=5)] = []
    ballots: Annotated[int, Field(ge=2, le=25)] | None = None
    rubric: str
    protocol: ProtocolName | None = None
    decision: Literal["select", "merge", "consensus"] = "select"
    editor: str | None = None


class MarketCrew(CrewHead):
    """Tasks first, in order; then a market over one more task."""

    process: Literal["market"]
    tasks: list[TaskEntry] = []
    market: MarketSpec


CrewSpec = Annotated[SequentialCrew | HierarchicalCrew | MarketCrew, Field(discriminator="process")]
