"""Draws the steps of a run: each on a line of its own, or as the lanes of a market."""

from __future__ import annotations

from datetime import datetime

from rich.console import Group, RenderableType
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from crewctl.audit.events import VerdictGiven
from crewctl.cli.amounts import clock, count, duration
from crewctl.cli.live_state import LiveState, LiveStep
from crewctl.diagnostics.visible import one_line
from crewctl.planning.plan import PlannedMarket

MARKS = {"done": ("✓", "green"), "failed": ("✗", "red")}
OTHER_MARK = ("■", "yellow")
NARROWEST_LANE = 24
WIDEST_LANE = 36
GUIDES = 8
"""Cells that the tree's guides take before a lane."""


class StepsDrawn:
    """Draws steps as of one moment; the spinner is shared, or it would never turn."""

    def __init__(self, state: LiveState, spinner: Spinner, now: datetime, width: int) -> None:
        self._state, self._spinner, self._now, self._width = state, spinner, now, width

    def line(self, step: LiveStep, name: str) -> RenderableType:
        """Return a step as one line: who, how far, and what it does or how it ended."""
        words = [name] if name else []
        if step.turns:
            words.append(_used(step))
        if step.outcome is None:
            doing = _line("  ".join(words))
            doing.append(f"  {self._doing(step)}", "dim")
            return self._spinning(doing)
        line = _line(f"{'  '.join(words)}  {duration(step.seconds or 0)}".strip())
        return self._ended(step, line)

    def market(self, tree: Tree, market: PlannedMarket) -> None:
        """Add the market's task: lanes side by side, one below the other where they are too narrow."""
        steps = {
            step.agent: step
            for step in self._state.steps.values()
            if step.task == market.task.name and not step.judging
        }
        branch = tree.add(_line(f"{one_line(market.task.name)}: a market"))
        room = (self._width - GUIDES) // len(market.contestants)
        if room < NARROWEST_LANE:
            for contestant in market.contestants:
                branch.add(self._row(steps.get(contestant), contestant))
        else:
            branch.add(self._lanes(market.contestants, steps, min(room, WIDEST_LANE)))
        calls = [step for step in self._state.steps.values() if step.judging]
        if calls:
            branch.add(self._judging(calls, market))

    def _lanes(self, contestants: tuple[str, ...], steps: dict[str, LiveStep], wide: int) -> RenderableType:
        table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, pad_edge=True)
        for contestant in contestants:
            head = _line(one_line(contestant), "bold")
            table.add_column(head, no_wrap=True, overflow="ellipsis", width=wide - 2)
        table.add_row(*(self._lane(steps.get(contestant), contestant) for contestant in contestants))
        return table

    def _lane(self, step: LiveStep | None, contestant: str) -> RenderableType:
        if step is None:
            return Text(self._not_begun(), "dim")
        if step.outcome is None:
            now = self._spinning(_line(self._doing(step)))
        else:
            word = "chosen" if self._chosen(contestant) else "" if step.outcome != "done" else "done"
            now = self._ended(step, _line(f"{word} {duration(step.seconds or 0)}".strip()))
        return Group(now, _line(_used(step), "dim"))

    def _row(self, step: LiveStep | None, contestant: str) -> RenderableType:
        name = one_line(contestant)
        if step is None:
            return _line(f"{name}  {self._not_begun()}", "dim")
        return self.line(step, f"{name}  chosen" if self._chosen(contestant) else name)

    def _not_begun(self) -> str:
        return "waits" if self._state.closed is None else "did not begin"

    def _chosen(self, contestant: str) -> bool:
        return self._state.verdict is not None and self._state.verdict.contestant == contestant

    def _judging(self, calls: list[LiveStep], market: PlannedMarket) -> RenderableType:
        verdict = self._state.verdict
        done = sum(call.outcome == "done" for call in calls)
        total = max(self._state.plan.worst_case.judge_calls, len(calls))
        if market.people is not None:
            return _line("people judge", "dim")
        who = one_line(", ".join(judge.agent for judge in market.judges))
        line = _line(f"{who} judges: {done} of at most {count(total, 'call')}")
        if verdict is not None:
            line.append(f"  {_came_to(verdict)}", "bold")
        return line

    def _doing(self, step: LiveStep) -> str:
        return f"{clock(max(0.0, (self._now - step.started).total_seconds()))}  {one_line(step.doing)}"

    def _spinning(self, line: Text) -> RenderableType:
        row = Table.grid(padding=(0, 1))
        row.add_row(self._spinner, line)
        return row

    @staticmethod
    def _ended(step: LiveStep, line: Text) -> Text:
        outcome = step.outcome or ""
        mark, style = MARKS.get(outcome, OTHER_MARK)
        whole = _line("")
        whole.append(f"{mark} ", style)
        whole.append_text(line)
        if outcome != "done":
            word, error = outcome.replace("_", " "), one_line(step.error)
            whole.append(f"  {error if error.startswith(word) else f'{word} {error}'}".rstrip(), style)
        return whole


def _used(step: LiveStep) -> str:
    return f"{count(step.turns, 'turn')}, {count(step.tokens, 'token')}"


def _line(text: str, style: str = "") -> Text:
    return Text(text, style, no_wrap=True, overflow="ellipsis")


def _came_to(verdict: VerdictGiven) -> str:
    if verdict.origin == "consensus":
        return "drew up a consensus"
    if verdict.origin == "merged":
        return "chose the merged text"
    return f"chose {one_line(verdict.contestant)}" if verdict.contestant else "could not choose"
