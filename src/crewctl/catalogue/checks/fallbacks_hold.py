"""Whoever takes over for somebody is somebody else, can do the work, and leads nowhere in a circle."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise

from crewctl.catalogue.draft import Draft
from crewctl.catalogue.fallbacks import fallback_model, stand_ins, way
from crewctl.catalogue.model_names import chain
from crewctl.catalogue.specs.crew_spec import MarketCrew
from crewctl.catalogue.uses import TaskInOrder, judges_named
from crewctl.diagnostics.problem import Problem, Related, Severity
from crewctl.diagnostics.span import Span


def fallbacks_hold(draft: Draft) -> Iterator[Problem]:
    """Yield a problem for every fallback that can never, or should never, take over."""
    yield from _agents_in_circles(draft)
    yield from _models_in_circles(draft)
    for name, task in draft.catalogue.tasks.items():
        if task.fallback is not None and task.fallback == task.agent:
            yield _same(draft.task(name, "fallback"), f"task '{name}' has '{task.agent}' twice")
    for name, uses in draft.uses.items():
        for use in uses.tasks:
            yield from _of_task(draft, name, use)
        yield from _of_market(draft, name)


def _agents_in_circles(draft: Draft) -> Iterator[Problem]:
    agents = draft.catalogue.agents
    for circle in _circles(agents, lambda name: agents[name].fallback if name in agents else None):
        yield _circle(draft.agent(circle[0], "fallback"), "agent", circle)


def _models_in_circles(draft: Draft) -> Iterator[Problem]:
    models = draft.catalogue.models
    for circle in _circles(models, lambda name: fallback_model(models, name)):
        said = next(name for name, spec in chain(models, circle[0]) if spec.fallback is not None)
        yield _circle(draft.model(said, "fallback"), "model", circle)


def _circles(named: Mapping[str, object], after: Callable[[str], str | None]) -> Iterator[tuple[str, ...]]:
    """Yield each circle once, beginning with its member that comes first in the file."""
    order = list(named)
    for name in order:
        circle = way(name, after)
        closed = after(circle[-1]) == name
        if closed and name == min(circle, key=order.index):
            yield circle


def _circle(place: Span, noun: str, circle: tuple[str, ...]) -> Problem:
    shown = " → ".join((*circle, circle[0]))
    said = (
        f"{noun} '{circle[0]}' is its own fallback"
        if len(circle) == 1
        else f"the fallbacks of {noun}s go in a circle: {shown}"
    )
    return Problem(
        place, "fallback-circle", said, "leads back", f"let the last of them be another {noun}, or none"
    )


def _same(place: Span, said: str) -> Problem:
    return Problem(
        place,
        "bad-fallback",
        f"{said}: the fallback is who has failed already",
        "takes over for itself",
        "name another agent, or take the key away",
    )


def _of_task(draft: Draft, crew: str, task: TaskInOrder) -> Iterator[Problem]:
    """Look at who takes over for the agent whom a crew gives the task."""
    spec = draft.catalogue.tasks.get(task.name)
    if spec is None:
        return
    doer = task.agent or spec.agent
    if task.agent is not None and task.agent == spec.fallback:
        place = draft.crew(crew, *task.path[:-1], "agent")
        yield _same(place, f"task '{task.name}' has '{doer}' twice in crew '{crew}'")
    if spec.tools is None and spec.fallback is not None:
        yield from _without_tools(draft, doer, spec.fallback, draft.task(task.name, "fallback"))


def _of_market(draft: Draft, name: str) -> Iterator[Problem]:
    """See that nobody takes over who is on the other side: a rival or a judge."""
    crew = draft.catalogue.crews[name]
    if isinstance(crew, MarketCrew):
        task = draft.catalogue.tasks.get(crew.market.task)
        others = {*crew.market.contestants, *(judge for judge, _ in judges_named(crew.market))}
        for contestant in crew.market.contestants:
            yield from _on_both_sides(draft, name, contestant, others)
        if task is not None and task.fallback is not None:
            yield Problem(
                draft.task(crew.market.task, "fallback"),
                "bad-fallback",
                f"'{task.fallback}' would write several drafts of one market in crew '{name}'",
                "takes over for every contestant",
                "give each contestant a fallback of its own in config/agents.yaml, or take the key away",
            )


def _on_both_sides(draft: Draft, crew: str, contestant: str, others: Iterable[str]) -> Iterator[Problem]:
    agents = draft.catalogue.agents
    for before, after in pairwise(stand_ins(agents, contestant)):
        if after in others:
            yield Problem(
                draft.agent(before, "fallback"),
                "bad-fallback",
                f"'{after}' takes part in the market of crew '{crew}' already, and cannot take over for '{before}'",
                "competes or judges",
                "name an agent who neither competes nor judges there",
                (Related(draft.crew(crew, "market"), "the market"),),
            )


def _without_tools(draft: Draft, doer: str | None, fallback: str, place: Span) -> Iterator[Problem]:
    agents = draft.catalogue.agents
    if doer is None or doer not in agents or fallback not in agents:
        return
    missing = [tool for tool in agents[doer].tools if tool not in agents[fallback].tools]
    if missing:
        yield Problem(
            place,
            "fallback-without-tools",
            f"'{fallback}' takes over for '{doer}' without {', '.join(missing)}",
            "has fewer tools",
            f"give '{fallback}' the tools, or name the tools in the task",
            severity=Severity.WARNING,
        )


def tools_of_stand_ins(draft: Draft) -> Iterator[Problem]:
    """Yield a warning for every agent whose fallback lacks tools that it has."""
    for name, agent in draft.catalogue.agents.items():
        if agent.fallback is not None:
            yield from _without_tools(draft, name, agent.fallback, draft.agent(name, "fallback"))
