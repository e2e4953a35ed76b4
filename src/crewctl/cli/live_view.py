"""Draws a run on a terminal while it goes on: a tree of tasks, a market as lanes, and the limits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from crewctl.audit.events import Recorded
from crewctl.cli.amounts import clock, count, duration, money
from crewctl.cli.live_state import LiveState, LiveStep
from crewctl.diagnostics.visible import one_line
from crewctl.planning.plan import EffectiveLimit, Plan

MARKS = {"done": ("✓", "green"), "failed": ("✗", "red"), "limit_reached": ("■", "yellow")}
OTHER_MARK = ("■", "yellow")


class LiveView:
    """A context manager that draws on stderr; `see` takes the events."""

    def __init__(self, plan: Plan, *, colour: bool, now: Callable[[], datetime] | None = None) -> None:
        self._state = LiveState(plan)
        self._now = now or (lambda: datetime.now(UTC))
        self._console = Console(stderr=True, no_color=not colour, highlight=False, markup=False, emoji=False)
        # One spinner object: drawing a fresh one each time would never turn.
        self._spinner = Spinner("dots", style="cyan")
        self._live = Live(
            get_renderable=self.draw,
            console=self._console,
            refresh_per_second=8,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> Self:
        """Start drawing."""
        self._live.start(refresh=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Draw once more and leave the last picture standing."""
        self._live.stop()

    def see(self, record: Recorded) -> None:
        """Take in one event; it is drawn with the next refresh."""
        self._state.see(record)

    def draw(self) -> RenderableType:
        """Return the picture of this moment."""
        with self._state.lock:
            return self._picture()

    def _picture(self) -> RenderableType:
        state = self._state
        tree = Tree(self._headline(), guide_style="dim")
        market = state.plan.market
        lanes = market.task.name if market is not None else None
        for step in state.steps.values():
            if not step.judging and step.task != lanes:
                _add_agents(tree.add(self._step(step)), step)
        if market is not None:
            self._add_market(tree)
        if not state.steps and state.closed is None:
            tree.add(Text("getting ready", "dim"))
        return Group(tree, self._meters())

    def _headline(self) -> Text:
        state = self._state
        line = Text.assemble((one_line(state.plan.crew), "bold"), f"  {state.run_id}")
        if state.simulated:
            line.append("  simulated: no real model answers", "magenta")
        return line

    def _step(self, step: LiveStep) -> RenderableType:
        name = f"{one_line(step.task)} · {one_line(step.agent)}" if step.agent else one_line(step.task)
        return self._marked(step, name)

    def _marked(self, step: LiveStep, name: str) -> RenderableType:
        words = [name] if name else []
        if step.turns:
            words.append(f"{count(step.turns, 'turn')}, {count(step.tokens, 'token')}")
        if step.outcome is None:
            doing = Text("  ".join(words), no_wrap=True, overflow="ellipsis")
            doing.append(f"  {one_line(step.doing)}", "dim")
            row = Table.grid(padding=(0, 1))
            row.add_row(self._spinner, doing)
            return row
        mark, style = MARKS.get(step.outcome, OTHER_MARK)
        words.append(duration(step.seconds or 0))
        line = Text.assemble((mark, style), f" {'  '.join(words)}", no_wrap=True, overflow="ellipsis")
        if step.outcome != "done":
            line.append(f"  {step.outcome.replace('_', ' ')} {one_line(step.error)}".rstrip(), style)
        return line

    def _add_market(self, tree: Tree) -> None:
        state, market = self._state, self._state.plan.market
        if market is None:
            return
        lanes = {
            step.agent: step
            for step in state.steps.values()
            if step.task == market.task.name and not step.judging
        }
        branch = tree.add(Text(f"{one_line(market.task.name)}: a market", no_wrap=True))
        table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, expand=False)
        for contestant in market.contestants:
            table.add_column(Text(one_line(contestant), "bold"), no_wrap=True, overflow="ellipsis", ratio=1)
        table.add_row(*(self._lane(lanes.get(contestant), contestant) for contestant in market.contestants))
        branch.add(table)
        calls = [step for step in state.steps.values() if step.judging]
        if calls:
            branch.add(self._judging(calls))

    def _lane(self, step: LiveStep | None, contestant: str) -> RenderableType:
        if step is None:
            return Text("waits", "dim")
        chosen = self._state.verdict is not None and self._state.verdict.contestant == contestant
        return self._marked(step, "chosen" if chosen else "writes" if step.outcome is None else "")

    def _judging(self, calls: list[LiveStep]) -> RenderableType:
        market, verdict = self._state.plan.market, self._state.verdict
        done = sum(call.outcome == "done" for call in calls)
        total = max(self._state.plan.worst_case.judge_calls, len(calls))
        judge = one_line(market.judge) if market is not None else "judge"
        line = Text(f"{judge} judges: {done} of at most {count(total, 'call')}")
        if verdict is not None:
            line.append(
                f"  chose {one_line(verdict.contestant)}" if verdict.contestant else "  could not choose",
                "bold",
            )
        return line

    def _meters(self) -> RenderableType:
        state, limits = self._state, self._state.plan.limits
        held = f" (+{count(state.reserved_tokens)} reserved)" if state.reserved_tokens else ""
        held_cost = f" (+{money(state.reserved_cost)} reserved)" if state.reserved_cost else ""
        until = state.ended_at or self._now()
        elapsed = (until - state.clock_started).total_seconds() if state.clock_started else 0.0
        parts = [
            f"turn {state.turns}{_of(limits.max_turns, count)}",
            f"{count(state.tokens)}{held}{_of(limits.max_tokens, count)} tokens",
            f"{money(state.cost)}{held_cost}{_of(limits.max_cost, money)}",
            f"{clock(max(0.0, elapsed))}{_of(limits.timeout, clock)}",
        ]
        line = Text("  ".join(parts), "cyan")
        if state.limit is not None:
            line.append(f"  stopped by {state.limit.limit}", "bold yellow")
        return line


def _add_agents(branch: Tree, step: LiveStep) -> None:
    """Add who had a part in the step, and with which tools; an agent alone without tools is on its line."""
    alone = list(step.agents) == [step.agent]
    for name, agent in step.agents.items():
        if alone and not agent.tools:
            continue
        told = f"{count(agent.turns, 'turn')}, {count(agent.tokens, 'token')}"
        of_agent = branch if alone else branch.add(_line(f"{one_line(name)}  {told}"))
        for tool, times in agent.tools.items():
            of_agent.add(_line(f"{one_line(tool)} x{times}", "dim"))


def _line(text: str, style: str = "") -> Text:
    return Text(text, style, no_wrap=True, overflow="ellipsis")


def _of(limit: EffectiveLimit | None, write: Callable[[float], str]) -> str:
    return "" if limit is None else f" of {write(limit.value)}"
