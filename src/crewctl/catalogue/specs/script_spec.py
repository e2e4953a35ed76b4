"""What a scripted model's script says: its turns, whom each is for, and what it does."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue, model_validator

from crewctl.catalogue.specs.quantities import Duration
from crewctl.catalogue.specs.spec import Prose, Spec

Purpose = Literal[
    "agent",
    "manager",
    "delegated",
    "final_answer",
    "summary",
    "guardrail",
    "planning",
    "converter",
    "judge",
    "edit",
    "other",
]
"""What a model call is for."""

KINDS = ("answer", "json", "calls", "error")
"""What a turn may do; it does exactly one of them."""


class ForWhom(Spec):
    """Which calls a turn is for; what is not named fits every call."""

    agent: str | None = None
    task: str | None = None
    purpose: Purpose | None = None


class ScriptedCall(Spec):
    """One tool call, by the name that the model is offered."""

    tool: Prose
    arguments: dict[str, JsonValue] = {}


class ScriptedUsage(Spec):
    """The tokens to report instead of an estimate."""

    prompt: Annotated[int, Field(ge=0)]
    completion: Annotated[int, Field(ge=0)]


class Turn(Spec):
    """One answer. `for` names whom it is for; `times` how often it is given (0: for ever)."""

    answer: str | None = None
    data: JsonValue = Field(default=None, alias="json")
    calls: Annotated[list[ScriptedCall], Field(min_length=1)] | None = None
    error: int | str | None = None
    retry_after: Duration | None = None
    delay: Duration | None = None
    usage: ScriptedUsage | None = None
    whom: ForWhom = Field(default=ForWhom(), alias="for")
    times: Annotated[int, Field(ge=0)] = 1

    @model_validator(mode="after")
    def _does_one_thing(self) -> Turn:
        done = [kind for kind in KINDS if self._does(kind)]
        if len(done) != 1:
            given = f"has {' and '.join(done)}" if done else "has none of them"
            msg = f"a turn has exactly one of answer, json, calls and error; this one {given}"
            raise ValueError(msg)
        if isinstance(self.error, int) and not 400 <= self.error <= 599:  # noqa: PLR2004 - HTTP's errors
            msg = f"error is a status from 400 to 599, timeout, connection or a message, not {self.error}"
            raise ValueError(msg)
        if self.retry_after is not None and not isinstance(self.error, int):
            msg = "retry_after belongs to an error with a status"
            raise ValueError(msg)
        return self

    def _does(self, kind: str) -> bool:
        return getattr(self, "data" if kind == "json" else kind) is not None


class Script(Spec):
    """The turns, in order."""

    turns: Annotated[list[Turn], Field(min_length=1)]
