"""Says what a model call is for, from where in CrewAI it comes."""

from __future__ import annotations

import sys
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import crewai

from crewctl.catalogue.specs.script_spec import Purpose

BY_FUNCTION: dict[tuple[str, str], Purpose] = {
    ("utilities/agent_utils.py", "handle_max_iterations_exceeded"): "final_answer",
    ("agents/agent_executor.py", "_synthesize_final_answer_from_todos"): "final_answer",
    ("llms/context_window.py", "summarize_messages"): "summary",
    ("llms/context_window.py", "summarize_chunk"): "summary",
}
"""Functions of CrewAI that make a model call for a purpose of their own."""

BY_FILE: dict[str, Purpose] = {
    "utilities/reasoning_handler.py": "planning",
    "utilities/planning_handler.py": "planning",
    "agents/planner_observer.py": "planning",
    "utilities/converter.py": "converter",
    "utilities/internal_instructor.py": "converter",
}
"""Files of CrewAI whose every model call is for one purpose.

Files, not modules: CrewAI copies one module's names into others, ``__name__`` among them.
"""

_PACKAGE = str(Path(crewai.__file__).parent) + "/"


@dataclass(frozen=True)
class Speaker:
    """Who is at work in this thread: an agent by its name in the plan, and in what part."""

    agent: str
    part: Purpose = "agent"


SPEAKER: ContextVar[Speaker | None] = ContextVar("crewctl_speaker", default=None)
"""CrewAI starts its threads with a copy of the context, so this follows the work."""


def purpose_here(part: Purpose) -> Purpose:
    """Return the purpose of the call being made in this thread, `part` where nothing says more.

    A guardrail, a judge, an editor and a tool's own call keep their part, whatever CrewAI does inside them.
    """
    if part in {"guardrail", "judge", "edit", "other"}:
        return part
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the documented way to look at the callers
    while frame is not None:
        code = frame.f_code
        if code.co_filename.startswith(_PACKAGE):
            file = code.co_filename.removeprefix(_PACKAGE)
            found = BY_FUNCTION.get((file, code.co_name)) or BY_FILE.get(file)
            if found is not None:
                return found
        frame = frame.f_back
    return part
