"""What a run looks like so far: a fold over its events, made for a view that is drawn many times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any

from crewctl.audit.events import (
    DraftsTaken,
    LimitReached,
    PlanMade,
    Recorded,
    RetryScheduled,
    RunClosed,
    RunStarted,
    StepFinished,
    StepStarted,
    ToolCallFinished,
    ToolCallStarted,
    TurnGranted,
    TurnTaken,
    VerdictGiven,
    WorkDelegated,
)
from crewctl.audit.events_faults import FallbackTaken, StepRetryScheduled
from crewctl.audit.events_work import RunTaken, StepsKept
from crewctl.audit.running_time import RunningTime
from crewctl.planning.plan import Plan


@dataclass
class LiveAgent:
    """What one agent has done within a step; `tools` counts its calls."""

    turns: int = 0
    tokens: int = 0
    tools: dict[str, int] = field(default_factory=dict)


@dataclass
class LiveStep:
    """One step: who does what, how far it is, and what it is doing right now."""

    task: str
    agent: str
    judging: bool
    started: datetime
    turns: int = 0
    tokens: int = 0
    outcome: str | None = None
    seconds: float | None = None
    error: str = ""
    doing: str = "starting"
    agents: dict[str, LiveAgent] = field(default_factory=dict)
    open_tools: dict[int, str] = field(default_factory=dict)

    def by(self, agent: str) -> LiveAgent:
        """Return what this agent has done, from nothing on."""
        return self.agents.setdefault(agent, LiveAgent())

    def says(self, agent: str, does: str) -> None:
        """Note what an agent does now; the step's own agent stands on its line already."""
        self.doing = does if agent == self.agent else f"{agent} {does}"


class LiveState:
    """The run so far. Events come from several threads; the view reads under the same lock."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.lock = Lock()
        self.run_id = ""
        self.simulated = plan.simulated
        self.steps: dict[str, LiveStep] = {}
        self.turns = 0
        self.tokens = 0
        self.cost: int | None = 0
        self.began = False
        self.clock = RunningTime()
        self.closed: RunClosed | None = None
        self.verdict: VerdictGiven | None = None
        self.limit: LimitReached | None = None
        self._open: dict[int, TurnGranted] = {}

    @property
    def reserved_tokens(self) -> int:
        """Tokens booked for calls that have not come back."""
        return sum(grant.reserved_tokens for grant in self._open.values())

    @property
    def reserved_cost(self) -> int:
        """Pico-dollars booked for calls that have not come back."""
        return sum(grant.reserved_cost or 0 for grant in self._open.values())

    def see(self, record: Recorded) -> None:
        """Take in one event."""
        with self.lock:
            self.run_id = record.run_id
            self.clock.see(record)
            step = self.steps.get(getattr(record.event, "step", None) or "")
            handler = _HANDLERS.get(type(record.event))
            if handler is not None:
                handler(self, record, step)

    def granted(self, grant: TurnGranted) -> None:
        """Book a call."""
        self.turns = max(self.turns, grant.turn)
        self._open[grant.grant] = grant

    def taken(self, turn: TurnTaken, step: LiveStep | None) -> None:
        """Settle a call; what nobody measured counts at its reservation."""
        grant = self._open.pop(turn.grant, None)
        known = turn.prompt_tokens is not None and turn.completion_tokens is not None
        used = (turn.prompt_tokens or 0) + (turn.completion_tokens or 0)
        tokens = used if known or grant is None else grant.reserved_tokens
        self.tokens += tokens
        self.cost = None if self.cost is None or turn.cost is None else self.cost + turn.cost
        if step is not None:
            step.tokens += tokens
            step.by(grant.agent if grant else step.agent).tokens += tokens

    def lost(self) -> None:
        """Settle what a process left open that died: its calls count at their reservations."""
        for grant in self._open.values():
            self.tokens += grant.reserved_tokens
            known = self.cost is not None and grant.reserved_cost is not None
            self.cost = (self.cost or 0) + (grant.reserved_cost or 0) if known else None
        self._open.clear()
        for step in self.steps.values():
            if step.outcome is None:
                step.outcome, step.seconds, step.doing = "lost", 0.0, ""


Handler = Callable[[LiveState, Recorded, LiveStep | None], None]


def _plan_made(state: LiveState, record: Recorded, _: LiveStep | None) -> None:
    if isinstance(record.event, PlanMade):
        state.simulated = record.event.simulated


def _run_started(state: LiveState, _: Recorded, __: LiveStep | None) -> None:
    state.began = True


def _run_taken(state: LiveState, _: Recorded, __: LiveStep | None) -> None:
    state.lost()


def _step_started(state: LiveState, record: Recorded, _: LiveStep | None) -> None:
    event = record.event
    if isinstance(event, StepStarted):
        judging = event.step_kind == "judge_call"
        state.steps[event.step] = LiveStep(event.task, event.agent, judging, record.at)


def _steps_kept(state: LiveState, record: Recorded, _: LiveStep | None) -> None:
    event = record.event
    if isinstance(event, StepsKept):
        for kept in event.steps:
            step = LiveStep(kept.task, kept.agent, False, record.at)
            step.outcome, step.seconds, step.error, step.doing = kept.outcome, 0.0, kept.error, ""
            state.steps[kept.step] = step


def _drafts_taken(state: LiveState, record: Recorded, _: LiveStep | None) -> None:
    event = record.event
    if isinstance(event, DraftsTaken) and state.plan.market is not None:
        for draft in event.drafts:
            step = LiveStep(state.plan.market.task.name, draft.contestant, False, record.at)
            step.outcome, step.seconds = "done" if draft.output else "failed", 0.0
            step.error = draft.error
            state.steps[f"draft.{draft.contestant}"] = step


def _step_finished(_: LiveState, record: Recorded, step: LiveStep | None) -> None:
    event = record.event
    if isinstance(event, StepFinished) and step is not None:
        step.outcome, step.seconds, step.error, step.doing = event.outcome, event.seconds, event.error, ""


def _granted(state: LiveState, record: Recorded, step: LiveStep | None) -> None:
    if isinstance(record.event, TurnGranted):
        state.granted(record.event)
        if step is not None:
            step.turns += 1
            step.by(record.event.agent).turns += 1
            step.says(record.event.agent, f"asks {record.event.model}")


def _taken(state: LiveState, record: Recorded, step: LiveStep | None) -> None:
    if isinstance(record.event, TurnTaken):
        state.taken(record.event, step)
        if step is not None:
            step.doing = "reads the answer"


def _tool_started(_: LiveState, record: Recorded, step: LiveStep | None) -> None:
    event = record.event
    if isinstance(event, ToolCallStarted) and step is not None:
        tools = step.by(event.agent).tools
        tools[event.tool] = tools.get(event.tool, 0) + 1
        step.open_tools[event.call] = event.tool
        step.says(event.agent, f"uses {event.tool}")


def _tool_finished(_: LiveState, record: Recorded, step: LiveStep | None) -> None:
    event = record.event
    if isinstance(event, ToolCallFinished) and step is not None:
        tool = step.open_tools.pop(event.call, "a tool")
        step.doing = f"{tool} {'failed' if event.error else 'came back'}"


def _delegated(_: LiveState, record: Recorded, step: LiveStep | None) -> None:
    event = record.event
    if isinstance(event, WorkDelegated) and step is not None:
        step.says(event.by, f"{'asks' if event.asks == 'question' else 'hands work to'} {event.to}")


def _again(_: LiveState, record: Recorded, step: LiveStep | None) -> None:
    """Show a step that failed and is not over: it waits, or somebody else takes it."""
    event = record.event
    if step is not None and isinstance(event, StepRetryScheduled):
        step.outcome, step.doing = None, f"tries again in {event.delay:.1f}s: {event.error}"
    if step is not None and isinstance(event, FallbackTaken):
        step.outcome, step.doing = None, f"{event.what} {event.taken} takes over"


def _retry(_: LiveState, record: Recorded, step: LiveStep | None) -> None:
    if isinstance(record.event, RetryScheduled) and step is not None:
        step.doing = f"tries again in {record.event.delay:.1f}s: {record.event.error}"


def _keep(name: str) -> Handler:
    def keep(state: LiveState, record: Recorded, _: LiveStep | None) -> None:
        setattr(state, name, record.event)

    return keep


_HANDLERS: dict[type[Any], Handler] = {
    PlanMade: _plan_made,
    RunStarted: _run_started,
    RunTaken: _run_taken,
    DraftsTaken: _drafts_taken,
    StepsKept: _steps_kept,
    StepRetryScheduled: _again,
    FallbackTaken: _again,
    StepStarted: _step_started,
    StepFinished: _step_finished,
    TurnGranted: _granted,
    TurnTaken: _taken,
    ToolCallStarted: _tool_started,
    ToolCallFinished: _tool_finished,
    WorkDelegated: _delegated,
    RetryScheduled: _retry,
    LimitReached: _keep("limit"),
    VerdictGiven: _keep("verdict"),
    RunClosed: _keep("closed"),
}
