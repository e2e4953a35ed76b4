"""Every tool is a class of crewai_tools or a file under tools/, also in the policy."""

from __future__ import annotations

import re
from collections.abc import Iterator

from crewctl.catalogue.crewai_tools_names import tool_names
from crewctl.catalogue.draft import Draft
from crewctl.catalogue.kinds import AGENTS_FILE, POLICY_FILE, TASKS_FILE
from crewctl.catalogue.yaml_source import Path
from crewctl.diagnostics.nearest import did_you_mean, nearest
from crewctl.diagnostics.problem import Problem

CUSTOM = "custom:"
_MODULE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def tools_exist(draft: Draft) -> Iterator[Problem]:
    """Yield a problem for every tool that nothing stands behind."""
    for name, agent in draft.catalogue.agents.items():
        for position, tool in enumerate(agent.tools):
            yield from _unknown(draft, tool, AGENTS_FILE, (name, "tools", position))
    for name, task in draft.catalogue.tasks.items():
        for position, tool in enumerate(task.tools or ()):
            yield from _unknown(draft, tool, TASKS_FILE, (name, "tools", position))
    for tool in draft.catalogue.policy.tools:
        yield from _unknown(draft, tool, POLICY_FILE, ("tools", tool), key=True)


def _unknown(draft: Draft, tool: str, file: str, path: Path, *, key: bool = False) -> Iterator[Problem]:
    problem = _custom(draft, tool) if tool.startswith(CUSTOM) else _packaged(draft, tool)
    if problem is None:
        return
    message, label, help_line = problem
    yield Problem(draft.place(file, path, key=key), "unknown-tool", message, label, help_line)


def _custom(draft: Draft, tool: str) -> tuple[str, str, str] | None:
    module = tool.removeprefix(CUSTOM)
    if not _MODULE.fullmatch(module):
        return (
            f"'{tool}' cannot be a tool",
            "not the name of a Python file",
            "write custom:name for tools/name.py",
        )
    if f"tools/{module}.py" in draft.catalogue.tool_files:
        return None
    # What every name begins with makes no two of them alike.
    near = nearest(module, (name.removeprefix(CUSTOM) for name in _own_tools(draft)))
    label = f"did you mean '{CUSTOM}{near}'?" if near else "no file stands behind it"
    return f"there is no file tools/{module}.py for the tool '{tool}'", label, f"write tools/{module}.py"


def _packaged(draft: Draft, tool: str) -> tuple[str, str, str] | None:
    known = tool_names()
    if tool in known:
        return None
    message = f"there is no tool '{tool}'"
    if not known:
        return message, "crewai_tools is not installed", "install it with: pip install crewai-tools"
    label = did_you_mean(tool, [*known, *_own_tools(draft)]) or "no class of crewai_tools has this name"
    return message, label, "name a class of crewai_tools, or custom:name for tools/name.py"


def _own_tools(draft: Draft) -> list[str]:
    names = (file.removeprefix("tools/").removesuffix(".py") for file in draft.catalogue.tool_files)
    return [f"{CUSTOM}{name}" for name in names if _MODULE.fullmatch(name)]
