"""Events of tool calls that were decided on and not made."""

from __future__ import annotations

from typing import Literal

from crewctl.audit.fact import ContentRef, Fact


class ToolCallWithheld(Fact):
    """A tool was not called, and the agent was told `said` in place of a result.

    With `of_attempt` that is what the very same call came to in that earlier attempt at the step; with
    `card` a person decided so.
    """

    kind: Literal["ToolCallWithheld"] = "ToolCallWithheld"
    step: str
    call: int
    agent: str
    tool: str
    attempt: int
    said: ContentRef
    of_attempt: int | None = None
    card: str | None = None
