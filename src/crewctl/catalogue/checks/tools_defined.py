"""A custom tool's file defines the tool, as far as that can be told without running it."""

from __future__ import annotations

from collections.abc import Iterator

from crewctl.catalogue.checks.tools_exist import CUSTOM
from crewctl.catalogue.draft import Draft
from crewctl.catalogue.kinds import AGENTS_FILE, TASKS_FILE
from crewctl.catalogue.tool_bindings import Bound, Is, ToolCode
from crewctl.catalogue.tool_code import ToolFiles
from crewctl.diagnostics.problem import Problem, Related, Severity
from crewctl.diagnostics.span import Span


def tools_defined(draft: Draft) -> Iterator[Problem]:
    """Yield a problem for every custom tool that somebody has and no child could make."""
    files = ToolFiles(draft.catalogue.tool_files)
    for tool, has in _custom_tools(draft).items():
        name = tool.removeprefix(CUSTOM)
        file = f"tools/{name}.py"
        code = files.code(file) if file in draft.catalogue.tool_files else None
        if code is not None:
            yield from _of_file(file, name, code, has)


def _custom_tools(draft: Draft) -> dict[str, Related]:
    """Return each custom tool and the first place that gives it to somebody."""
    found: dict[str, Related] = {}
    holders = [("agent", AGENTS_FILE, name, agent.tools) for name, agent in draft.catalogue.agents.items()]
    holders += [("task", TASKS_FILE, name, task.tools or []) for name, task in draft.catalogue.tasks.items()]
    for kind, file, name, tools in holders:
        for position, tool in enumerate(tools):
            if tool.startswith(CUSTOM) and tool not in found:
                said = f"{kind} '{name}' has the tool '{tool}'"
                found[tool] = Related(draft.place(file, (name, "tools", position)), said)
    return found


def _of_file(file: str, name: str, code: ToolCode, has: Related) -> Iterator[Problem]:
    chosen = _chosen(name, code)
    if isinstance(chosen, Bound):
        if chosen.undescribed:
            said, label = f"a tool of {file} has no docstring", "CrewAI refuses a tool without one"
            help_line = "say in a docstring what the tool does: it is what a model is told of it"
            yield Problem(_span(file, chosen), "bad-tool", said, label, help_line, (has,))
        return
    sure = [(other, bound) for other, bound in _candidates(code) if bound.is_tool is Is.YES]
    if chosen:
        said = f"whether {file} defines the tool '{name}' cannot be told without running it: {chosen}"
        yield _problem(file, code.bound.get(name), said, name, (has,), Severity.WARNING)
    elif sure:
        others = tuple(Related(_span(file, bound), f"'{other}' is a tool") for other, bound in sure)
        said = f"{file} defines {len(sure)} tools, and none of them is called '{name}'"
        yield _problem(file, code.bound.get(name), said, name, (*others, has))
    else:
        yield _problem(file, code.bound.get(name), f"{file} defines no tool", name, (has,))


def _chosen(name: str, code: ToolCode) -> Bound | str:
    """Return what a child makes the tool of; else why that cannot be told, empty if there is surely none."""
    named = code.bound.get(name, Bound(Is.NO))
    candidates = [bound for _, bound in _candidates(code)]
    sure = [bound for bound in candidates if bound.is_tool is Is.YES]
    if named.is_tool is Is.YES:
        return named
    if len(sure) == 1 and not any(_may_count(bound) for bound in candidates):
        return sure[0]
    # What others may have made of something of this file counts only where nothing else is found.
    doubts = [bound for bound in candidates if not sure or (len(sure) == 1 and bound.here is Is.YES)]
    whys = [doubt.why for doubt in (named, *doubts) if doubt.is_tool is Is.MAYBE]
    return whys[0] if whys else code.open_ended


def _candidates(code: ToolCode) -> list[tuple[str, Bound]]:
    """Return the names that are, or may be, tools that the file itself makes."""
    return [(name, it) for name, it in code.bound.items() if it.is_tool is not Is.NO and it.here is not Is.NO]


def _may_count(bound: Bound) -> bool:
    return bound.is_tool is Is.MAYBE and bound.here is Is.YES


def _problem(
    file: str,
    named: Bound | None,
    said: str,
    name: str,
    related: tuple[Related, ...],
    severity: Severity = Severity.ERROR,
) -> Problem:
    label = named.why if named is not None and severity is Severity.ERROR else ""
    help_line = f"give the function under @tool, or the class that derives from BaseTool, the name {name}"
    return Problem(_span(file, named), "no-tool", said, label, help_line, related, severity)


def _span(file: str, bound: Bound | None) -> Span:
    return Span(file, 1, 1) if bound is None else Span(file, bound.line, bound.column)
