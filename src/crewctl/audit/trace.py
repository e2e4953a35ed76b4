"""A run as a tree: crew, steps, agents, and under each agent its model calls, tools and delegations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from crewctl.audit.bill import Turn, fold_turns, spent_on
from crewctl.audit.events import (
    Event,
    LimitReached,
    PersonDecided,
    Recorded,
    RetryScheduled,
    StepStarted,
    ToolCallFinished,
    ToolCallStarted,
    TurnGranted,
    TurnRefused,
    VerdictGiven,
    WorkDelegated,
)
from crewctl.audit.events_faults import FallbackTaken, StepRetryScheduled
from crewctl.audit.events_work import StepsKept
from crewctl.audit.fact import Fact
from crewctl.audit.run_state import RunState, StepState

NodeKind = Literal[
    "crew",
    "task",
    "judge_call",
    "agent",
    "model_call",
    "tool_call",
    "delegation",
    "retry",
    "refusal",
    "limit",
    "verdict",
    "decision",
    "kept",
]


class TraceNode(Fact):
    """One thing that took time; sums are over everything below it.

    `seconds` None means that it has not ended, or takes none; `cost` is in pico-dollars and None
    where the price is unknown; `tokens` and `cost` count what never came back at its reservation,
    and `unsettled` says how many such calls there are.
    """

    kind: NodeKind
    name: str
    started_at: datetime
    seconds: float | None = None
    outcome: str = ""
    detail: str = ""
    error: str = ""
    turns: int = 0
    tokens: int = 0
    cost: int | None = 0
    unsettled: int = 0
    simulated: bool = False
    children: tuple[TraceNode, ...] = ()


@dataclass
class _Agent:
    """What one agent did in one attempt at a step."""

    name: str
    first: datetime
    last: datetime
    nodes: list[TraceNode] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)


@dataclass
class _Attempt:
    """One attempt at a step, while its events are read."""

    state: StepState
    agents: dict[str, _Agent] = field(default_factory=dict)
    notes: list[TraceNode] = field(default_factory=list)


def fold_trace(records: Sequence[Recorded], state: RunState) -> TraceNode:
    """Compute the tree of a run from its events and its state."""
    turns = {turn.granted.grant: turn for turn in fold_turns(records)}
    calls = tool_ends(records)
    states = {(step.step, step.attempt): step for step in state.steps}
    attempts: dict[str, _Attempt] = {}
    done: list[_Attempt] = []
    run_notes: list[TraceNode] = []
    for record in records:
        event = record.event
        if isinstance(event, StepStarted):
            attempt = _Attempt(states[event.step, event.attempt])
            attempts[event.step] = attempt
            done.append(attempt)
        elif isinstance(event, TurnGranted):
            _add_turn(attempts.get(event.step), record.at, turns[event.grant])
        elif isinstance(event, ToolCallStarted):
            _add_call(attempts.get(event.step), record.at, event, calls.get(record.seq))
        else:
            _add_note(attempts, run_notes, record)
    children = (*(_step_node(attempt) for attempt in done), *run_notes)
    return _crew_node(state, tuple(turns.values()), children)


def _crew_node(state: RunState, turns: Sequence[Turn], children: tuple[TraceNode, ...]) -> TraceNode:
    error = state.closing.error if state.closing else ""
    return _summed(
        TraceNode(
            kind="crew",
            name=state.crew,
            started_at=state.requested_at,
            seconds=state.seconds,
            outcome=state.outcome or state.status,
            detail=state.run_id,
            error=error,
            children=children,
        ),
        turns,
    )


def _step_node(attempt: _Attempt) -> TraceNode:
    state = attempt.state
    # Contestants share a task: only their steps tell them apart.
    which = state.step if state.kind == "task" and state.step.partition(".")[2] != state.task else ""
    again = f"attempt {state.attempt}" if state.attempt > 1 else ""
    agents = tuple(_agent_node(agent) for agent in attempt.agents.values())
    node = TraceNode(
        kind=state.kind,
        name=state.task if state.kind == "task" else state.step,
        started_at=state.started_at,
        seconds=state.seconds,
        outcome=state.outcome or "running",
        detail=", ".join(word for word in (which, again) if word),
        error=state.error,
        children=(*agents, *attempt.notes),
    )
    return _summed(node, [turn for agent in attempt.agents.values() for turn in agent.turns])


def _agent_node(agent: _Agent) -> TraceNode:
    span = max(0.0, (agent.last - agent.first).total_seconds())
    node = TraceNode(
        kind="agent",
        name=agent.name,
        started_at=agent.first,
        seconds=span if span > 0 or not agent.turns else None,
        children=tuple(agent.nodes),
    )
    return _summed(node, agent.turns)


def _add_turn(attempt: _Attempt | None, at: datetime, turn: Turn) -> None:
    if attempt is None:
        return
    granted, taken = turn.granted, turn.taken
    node = TraceNode(
        kind="model_call",
        name=granted.model,
        started_at=at,
        seconds=taken.seconds if taken else None,
        outcome="" if taken else "unsettled",
        detail=f"turn {granted.turn}, {granted.purpose}",
        error=taken.error if taken else "",
    )
    agent = _agent_of(attempt, granted.agent, at, node.seconds)
    agent.nodes.append(_summed(node, [turn]))
    agent.turns.append(turn)


def _add_call(
    attempt: _Attempt | None, at: datetime, started: ToolCallStarted, finished: ToolCallFinished | None
) -> None:
    if attempt is None:
        return
    node = TraceNode(
        kind="tool_call",
        name=started.tool,
        started_at=at,
        seconds=finished.seconds if finished else None,
        outcome="" if finished else "not come back",
        error=finished.error if finished else "",
    )
    _agent_of(attempt, started.agent, at, node.seconds).nodes.append(node)


def _add_note(attempts: dict[str, _Attempt], run_notes: list[TraceNode], record: Recorded) -> None:
    node = _note(record)
    if node is None:
        return
    event = record.event
    attempt = attempts.get(getattr(event, "step", None) or "")
    if isinstance(event, WorkDelegated) and attempt is not None:
        _agent_of(attempt, event.by, record.at, None).nodes.append(node)
    else:
        (attempt.notes if attempt is not None else run_notes).append(node)


def _note(record: Recorded) -> TraceNode | None:
    """Return a leaf for what takes no time of its own."""
    event = record.event
    at = record.at
    if isinstance(event, WorkDelegated):
        return TraceNode(kind="delegation", name=event.to, started_at=at, detail=event.asks)
    if isinstance(event, RetryScheduled):
        return TraceNode(kind="retry", name=f"again in {event.delay:.1f}s", started_at=at, error=event.error)
    if isinstance(event, TurnRefused):
        return TraceNode(kind="refusal", name=event.limit, started_at=at, detail="model call not allowed")
    if isinstance(event, LimitReached):
        return TraceNode(kind="limit", name=event.limit, started_at=at)
    return _fault_note(event, at) or _choice_note(event, at)


def _fault_note(event: Event, at: datetime) -> TraceNode | None:
    if isinstance(event, StepRetryScheduled):
        return TraceNode(
            kind="retry", name=f"step again in {event.delay:.1f}s", started_at=at, error=event.error
        )
    if isinstance(event, FallbackTaken):
        name = f"{event.what} {event.taken}"
        return TraceNode(kind="retry", name=name, started_at=at, detail=f"instead of {event.instead_of}")
    return None


def _choice_note(event: Event, at: datetime) -> TraceNode | None:
    if isinstance(event, VerdictGiven):
        other = "undecided" if event.origin == "verbatim" else event.origin
        return TraceNode(
            kind="verdict", name=event.contestant or other, started_at=at, detail=event.selected or ""
        )
    if isinstance(event, StepsKept):
        names = ", ".join(step.step for step in event.steps) or "nothing"
        return TraceNode(kind="kept", name=names, started_at=at, detail=f"from run {event.run}")
    if isinstance(event, PersonDecided):
        chosen = event.contestant or f"ballot {event.ballot}"
        return TraceNode(kind="decision", name=chosen, started_at=at, detail=f"by {event.by}")
    return None


def _agent_of(attempt: _Attempt, name: str, at: datetime, seconds: float | None) -> _Agent:
    end = at + timedelta(seconds=seconds or 0)
    agent = attempt.agents.setdefault(name, _Agent(name, at, end))
    agent.last = max(agent.last, end)
    return agent


def tool_ends(records: Iterable[Recorded]) -> dict[int, ToolCallFinished]:
    """Return what each started call came to, by the start's number: attempts count calls anew."""
    open_calls: dict[tuple[str, int], int] = {}
    ends: dict[int, ToolCallFinished] = {}
    for record in records:
        event = record.event
        if isinstance(event, ToolCallStarted):
            open_calls[event.step, event.call] = record.seq
        elif isinstance(event, ToolCallFinished) and (event.step, event.call) in open_calls:
            ends[open_calls.pop((event.step, event.call))] = event
    return ends


def _summed(node: TraceNode, turns: Sequence[Turn]) -> TraceNode:
    spent = spent_on(turns)
    return node.model_copy(
        update={
            "turns": spent.turns,
            "tokens": spent.tokens,
            "cost": spent.cost,
            "unsettled": spent.unsettled,
            "simulated": spent.simulated_turns > 0,
        }
    )
