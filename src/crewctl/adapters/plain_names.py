"""Names for a plain project's Python: every agent, task, model and tool gets a method or function."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterable

_TAKEN = frozenset(
    [
        "agents",
        "tasks",
        "crew",
        "agents_config",
        "tasks_config",
        "models",
        "os",
        "sys",
        "json",
        "name",
        "kickoff",
        "run",
        "main",
        "LLM",
        "Agent",
        "Crew",
        "Task",
        "Process",
        "CrewBase",
        "agent",
        "task",
        "base_directory",
    ]
)


class Names:
    """Gives each wanted name an identifier of its own."""

    def __init__(self) -> None:
        self._used: set[str] = set(_TAKEN)

    def all(self, wanted: Iterable[str], suffix: str) -> dict[str, str]:
        """Return an identifier for each name; one that is taken gets `suffix`, then numbers."""
        return {name: self._one(name, suffix) for name in wanted}

    def _one(self, wanted: str, suffix: str) -> str:
        name = identifier(wanted)
        if name in self._used or name.startswith("_"):
            name = f"{name.strip('_')}_{suffix}"
        number, free = 1, name
        while free in self._used:
            number += 1
            free = f"{name}_{number}"
        self._used.add(free)
        return free


def identifier(name: str) -> str:
    """Return a Python identifier that looks like `name`."""
    found = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "unnamed"
    return f"n_{found}" if found[0].isdigit() else f"{found}_" if keyword.iskeyword(found) else found


def class_name(crew: str) -> str:
    """Return a class's name for a crew: ``outreach-email`` becomes ``OutreachEmail``."""
    found = "".join(part.capitalize() for part in re.split(r"[^A-Za-z0-9]+", crew))
    return found if found[:1].isalpha() else f"Crew{found}"


def tool_in(source: str, name: str) -> tuple[str, bool] | None:
    """Return what the file's tool is called and whether it is a class; None if it cannot be told.

    It is what is called `name`, or the only tool that the file defines.
    """
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError):
        return None
    classes = [node.name for node in body if isinstance(node, ast.ClassDef) and _is_tool_class(node)]
    functions = [node.name for node in body if isinstance(node, ast.FunctionDef) and _is_tool(node)]
    if name in classes or name in functions:
        return name, name in classes
    both = [*classes, *functions]
    return (both[0], both[0] in classes) if len(both) == 1 else None


def _is_tool_class(node: ast.ClassDef) -> bool:
    return any(ast.unparse(base).endswith("Tool") for base in node.bases)


def _is_tool(node: ast.FunctionDef) -> bool:
    return any(ast.unparse(one).split("(", 1)[0].split(".")[-1] == "tool" for one in node.decorator_list)
