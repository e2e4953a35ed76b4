"""What registry/policy.yaml says about people: how long a card waits, how many may wait, and what rules answer."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

from crewctl.catalogue.specs.quantities import Duration
from crewctl.catalogue.specs.spec import Name, Prose, Spec

ANSWERABLE = ("output", "tool_call")
"""The sources of cards that a rule may answer; every other one waits for a person."""

NAMES = ("source", "crew", "task", "agent", "tool")
"""Fields of a card that are names; the others are `length` and ``arguments.`` with a path."""

_FIELD = r"^(source|crew|task|agent|tool|length|arguments(\.[A-Za-z0-9_-]{1,80}){1,8})$"


def _field(name: str) -> str:
    if not re.fullmatch(_FIELD, name):
        raise ValueError("a rule looks at source, crew, task, agent, tool, length or arguments.NAME")
    return name


CardField = Annotated[str, AfterValidator(_field), WithJsonSchema({"type": "string", "pattern": _FIELD})]
"""What a condition looks at: a name, the characters of the subject, or one argument of the call."""


class EqualsCondition(Spec):
    """The field is exactly this value."""

    field: CardField
    op: Literal["equals"]
    value: str | int | float | bool


class InCondition(Spec):
    """The field is one of these values."""

    field: CardField
    op: Literal["in"]
    value: Annotated[list[str | int | float | bool], Field(min_length=1)]


class MatchesCondition(Spec):
    """All of the field's text matches this pattern."""

    field: CardField
    op: Literal["matches"]
    value: Prose


class BoundCondition(Spec):
    """The field is a number below or above this one, and not it."""

    field: CardField
    op: Literal["below", "above"]
    value: float


Condition = Annotated[
    EqualsCondition | InCondition | MatchesCondition | BoundCondition, Field(discriminator="op")
]


class AnswerRule(Spec):
    """Approves the cards of which everything under `when` holds; `sample` is the part a person looks at later.

    Only outputs and tool calls, and never those of a crew that is of high risk or wants four eyes.
    """

    name: Name
    when: Annotated[list[Condition], Field(min_length=1)]
    sample: Annotated[float, Field(ge=0, le=1)] = 0.1


class PeopleRules(Spec):
    """How people are asked in the middle of runs.

    A card that nobody answers within `expires` is refused. With `max_waiting` cards in the inbox nothing
    but people starts runs. At the risk levels of `four_eyes` whoever asks for a run does not approve
    it, answer its cards or decide its market.
    """

    expires: Duration = 259_200.0
    max_waiting: Annotated[int, Field(ge=1, le=100_000)] = 20
    four_eyes: list[Literal["minimal", "limited", "high"]] = []
    rules: list[AnswerRule] = []
