"""Draws a trace as a tree with aligned columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import click

from crewctl.audit.money import dollars
from crewctl.audit.trace import TraceNode
from crewctl.cli.amounts import count, duration, money
from crewctl.cli.folding import NARROWEST, terminal_width, width
from crewctl.cli.output import GAP, note
from crewctl.diagnostics.visible import one_line

_LONGEST_ERROR = 160
_COLOURS = {
    "done": "green",
    "finished": "green",
    "running": "cyan",
    "requested": "cyan",
}
_MARKS = {
    "delegation": "→ ",
    "retry": "↻ ",
    "refusal": "✗ ",
    "limit": "■ ",
    "verdict": "★ ",
    "decision": "★ ",
}


class _Line(NamedTuple):
    guide: str
    below: str
    node: TraceNode
    label: str
    cells: tuple[str, ...]


def show_trace(trace: TraceNode) -> None:
    """Print the tree; a star marks tokens that are a reservation, not a measurement."""
    lines = list(_lines(trace, "", ""))
    columns = [max(len(line.cells[n]) for line in lines) for n in range(len(lines[0].cells))]
    wide, room = max(width(line.guide + line.label) for line in lines), terminal_width()
    if room is not None:
        wide = min(wide, max(NARROWEST, room - sum(columns) - len(GAP) * len(columns)))
    for line in lines:
        cells = "  ".join(cell.rjust(size) for cell, size in zip(line.cells, columns, strict=True))
        click.echo(_row(line, cells, wide).rstrip())
        if line.node.error:
            under = click.style(line.below + ("│ " if line.node.children else "  "), dim=True)
            click.echo(under + click.style(one_line(line.node.error)[:_LONGEST_ERROR], fg="red"))
    if trace.unsettled:
        note(f"* not come back: {count(trace.unsettled, 'model call')}, counted at the whole reservation.")


def _row(line: _Line, cells: str, wide: int) -> str:
    """Return the line with its figures; a name too long for the terminal has them on the line below."""
    named = f"{click.style(line.guide, dim=True)}{_coloured(line)}"
    gap = wide - width(line.guide + line.label)
    if gap >= 0 or not cells.strip():
        return f"{named}{' ' * gap}{GAP}{cells}"
    below = line.below + ("│ " if line.node.children else "")
    return f"{named}\n{click.style(below, dim=True)}{' ' * (wide - width(below))}{GAP}{cells}"


def trace_data(node: TraceNode) -> dict[str, Any]:
    """Return the tree as data, with dollars for pico-dollars."""
    data = node.model_dump(mode="json", exclude={"cost", "children"})
    return {
        **data,
        "cost_usd": dollars(node.cost),
        "children": [trace_data(child) for child in node.children],
    }


def _lines(node: TraceNode, guide: str, below: str) -> Iterator[_Line]:
    yield _Line(guide, below, node, _label(node), _cells(node))
    for child in node.children:
        last = child is node.children[-1]
        yield from _lines(child, below + ("└─ " if last else "├─ "), below + ("   " if last else "│  "))


def _label(node: TraceNode) -> str:
    said = [one_line(_MARKS.get(node.kind, "") + node.name)]
    if node.outcome and node.outcome != "done":
        said.append(node.outcome.replace("_", " "))
    if node.detail:
        said.append(one_line(node.detail))
    if node.simulated and node.kind == "crew":
        said.append("simulated")
    return " · ".join(said)


def _cells(node: TraceNode) -> tuple[str, ...]:
    took = "" if node.seconds is None else duration(node.seconds)
    if not node.turns:
        return took, "", "", ""
    turns = "" if node.kind == "model_call" else f"{node.turns} {'turn' if node.turns == 1 else 'turns'}"
    star = "*" if node.unsettled else ""
    return took, turns, f"{node.tokens:,}{star} tok", money(node.cost)


def _coloured(line: _Line) -> str:
    name, dot, rest = line.label.partition(" · ")
    bold = line.node.kind in {"crew", "task", "judge_call"}
    colour = _COLOURS.get(line.node.outcome, "red") if line.node.outcome else None
    return click.style(name, bold=bold, fg=colour if bold else None) + click.style(dot + rest, dim=True)
