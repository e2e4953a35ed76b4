"""Makes the tools that a plan names: classes of crewai_tools, and files under tools/.

A custom tool ``custom:<name>`` is the file ``tools/<name>.py``. It holds either a function under
CrewAI's ``@tool`` decorator or a subclass of ``BaseTool`` whose constructor needs no arguments. The
variable or class is called ``<name>``, or it is the only tool that the file defines.
"""

from __future__ import annotations

import importlib
from typing import Any

from crewai.tools import BaseTool

from crewctl.errors import EngineError
from crewctl.planning.plan import PlannedTool
from crewctl.planning.rehearsal import NOT_EXECUTED

CUSTOM = "custom:"


class _StandIn(BaseTool):  # type: ignore[misc] # CrewAI's types are not followed
    """Has a tool's name and nothing else of it."""

    description: str = "A tool that a rehearsal names and does not execute."

    def _run(self, request: str = "") -> str:
        return f"{self.name} is not executed in a rehearsal ({len(request)} characters were asked of it)."


def make_tool(planned: PlannedTool) -> BaseTool:
    """Return a fresh tool; EngineError says in one line why it cannot be made.

    For a rehearsal it is a stand-in: importing or constructing the real one would run its code.
    """
    if NOT_EXECUTED in planned.tags:
        return _StandIn(name=planned.name.removeprefix(CUSTOM))
    try:
        return _custom(planned.name) if planned.kind == "custom" else _shipped(planned.name)
    except EngineError:
        raise
    except (Exception, SystemExit) as error:
        # Whatever the tool's own code raises on import or construction is its author's to fix.
        raise EngineError(
            f"the tool {planned.name!r} cannot be made: {type(error).__name__}: "
            f"{' '.join(str(error).split())[:300]}",
            help="a tool's file must import, and its class must need no arguments",
        ) from error


def _shipped(name: str) -> BaseTool:
    made = getattr(importlib.import_module("crewai_tools"), name)()
    if not isinstance(made, BaseTool):
        raise EngineError(
            f"{name!r} of crewai_tools is not a tool", help="name another class of crewai_tools"
        )
    return made


def _custom(full_name: str) -> BaseTool:
    name = full_name.removeprefix(CUSTOM)
    module = importlib.import_module(f"tools.{name}")
    named = vars(module).get(name)
    candidates: list[Any] = [named] if _is_tool(named) else _defined_in(module)
    if len(candidates) != 1:
        listed = ", ".join(sorted(_label(candidate) for candidate in candidates)) or "none"
        raise EngineError(
            f"tools/{name}.py must define one tool called {name!r}, or only one tool; it defines: {listed}",
            help=f"give the function under @tool, or the subclass of BaseTool, the name {name}",
        )
    found = candidates[0]
    # Each agent gets its own, so that one agent's use count is not another's.
    return found() if isinstance(found, type) else found.model_copy()


def _is_tool(value: Any) -> bool:
    return isinstance(value, BaseTool) or (isinstance(value, type) and issubclass(value, BaseTool))


def _defined_in(module: Any) -> list[Any]:
    """Return the tools that the file itself defines, not those it imports."""
    here = []
    for value in vars(module).values():
        origin = getattr(value, "func", value) if isinstance(value, BaseTool) else value
        home = getattr(origin, "__module__", type(value).__module__)
        if _is_tool(value) and home == module.__name__:
            here.append(value)
    return here


def _label(tool: Any) -> str:
    return tool.__name__ if isinstance(tool, type) else str(tool.name)
