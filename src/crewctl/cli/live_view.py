"""Draws a run on a terminal while it goes on: a tree of tasks, a market as lanes, and the limits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from rich.console import Console, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text
from rich.tree import Tree

from crewctl.audit.events import Recorded
from crewctl.cli.amounts import clock, count, money
from crewctl.cli.live_fit import Fitted
from crewctl.cli.live_state import LiveState, LiveStep
from crewctl.cli.live_steps import StepsDrawn
from crewctl.diagnostics.visible import one_line
from crewctl.planning.plan import EffectiveLimit, Plan


class LiveView:
    """A context manager that draws on stderr; `see` takes the events."""

    def __init__(
        self,
        plan: Plan,
        *,
        colour: bool,
        now: Callable[[], datetime] | None = None,
        console: Console | None = None,
    ) -> None:
        self._state = LiveState(plan)
        self._now = now or (lambda: datetime.now(UTC))
        self._console = console or Console(
            stderr=True, no_color=not colour, highlight=False, markup=False, emoji=False
        )
        # One spinner object: drawing a fresh one each time would never turn.
        self._spinner = Spinner("dots", style="cyan")
        self._over = False
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
        """Leave the last picture standing, whole; nothing is left of a run that did not begin."""
        self._over = True
        self._live.transient = not self._state.began
        self._live.stop()

    def see(self, record: Recorded) -> None:
        """Take in one event; it is drawn with the next refresh."""
        self._state.see(record)

    def draw(self) -> RenderableType:
        """Return the picture of this moment."""
        with self._state.lock:
            return Fitted(self._tree(), self._meters(), "cyan", whole=self._over)

    def _tree(self) -> Tree:
        state = self._state
        tree = Tree(self._headline(), guide_style="dim")
        drawn = StepsDrawn(state, self._spinner, self._now(), self._console.width)
        market = state.plan.market
        lanes = market.task.name if market is not None else None
        if not state.steps and state.closed is None:
            tree.add(Text("getting ready", "dim"))
        for step in state.steps.values():
            if not step.judging and step.task != lanes:
                name = (
                    f"{one_line(step.task)} · {one_line(step.agent)}" if step.agent else one_line(step.task)
                )
                _add_agents(tree.add(drawn.line(step, name)), step)
        self._add_next(tree)
        if market is not None:
            drawn.market(tree, market)
        return tree

    def _headline(self) -> Text:
        state = self._state
        line = Text.assemble((one_line(state.plan.crew), "bold"), f"  {state.run_id}")
        if state.simulated:
            line.append("  simulated", "magenta")
        if state.limit is not None:
            line.append(f"  stopped by {state.limit.limit}", "bold yellow")
        line.no_wrap, line.overflow = True, "ellipsis"
        return line

    def _add_next(self, tree: Tree) -> None:
        state = self._state
        begun = {step.task for step in state.steps.values()}
        left = [one_line(task.name) for task in state.plan.tasks if task.name not in begun]
        if left:
            word = "then" if state.closed is None else "did not begin:"
            tree.add(_line(f"{word} {', '.join(left)}", "dim"))

    def _meters(self) -> list[str]:
        state, limits = self._state, self._state.plan.limits
        held = f" (+{count(state.reserved_tokens)} reserved)" if state.reserved_tokens else ""
        held_cost = f" (+{money(state.reserved_cost)} reserved)" if state.reserved_cost else ""
        return [
            f"turn {state.turns}{_of(limits.max_turns, count)}",
            f"{count(state.tokens)}{held}{_of(limits.max_tokens, count)} tokens",
            f"{money(state.cost)}{held_cost}{_of(limits.max_cost, money)}",
            f"{clock(state.clock.at(self._now()))}{_of(limits.timeout, clock)}",
        ]


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
