"""Says what a model call is for, from where in CrewAI it comes."""

from __future__ import annotations

import sys
from contextvars import ContextVar
from dataclasses import dataclass

from crewctl.adapters.child_protocol import Purpose

BY_FUNCTION: dict[tuple[str, str], Purpose] = {
    ("crewai.utilities.agent_utils", "handle_max_iterations_exceeded"): "final_answer",
    ("crewai.agents.agent_executor", "_synthesize_final_answer_from_todos"): "final_answer",
    ("crewai.llms.context_window", "summarize_messages"): "summary",
    ("crewai.llms.context_window", "summarize_chunk"): "summary",
}
"""Functions of CrewAI that make a model call for a purpose of their own."""

BY_MODULE: dict[str, Purpose] = {
    "crewai.utilities.reasoning_handler": "planning",
    "crewai.utilities.planning_handler": "planning",
    "crewai.agents.planner_observer": "planning",
    "crewai.utilities.converter": "converter",
    "crewai.utilities.internal_instructor": "converter",
}
"""Modules of CrewAI whose every model call is for one purpose."""


@dataclass(frozen=True)
class Speaker:
    """Who is at work in this thread: an agent by its name in the plan, and in what part."""

    agent: str
    part: Purpose = "agent"


SPEAKER: ContextVar[Speaker | None] = ContextVar("crewctl_speaker", default=None)
"""CrewAI starts its threads with a copy of the context, so this follows the work."""


def purpose_here(part: Purpose) -> Purpose:
    """Return the purpose of the call being made in this thread, `part` where nothing says more.

    A guardrail, a judge and a tool's own call keep their part, whatever CrewAI does inside them.
    """
    if part in {"guardrail", "judge", "other"}:
        return part
    frame = sys._getframe(1)  # noqa: SLF001 - the documented way to look at the callers
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        found = BY_FUNCTION.get((module, frame.f_code.co_name)) or BY_MODULE.get(module)
        if found is not None:
            return found
        back = frame.f_back
        if back is None:
            break
        frame = back
    return part
