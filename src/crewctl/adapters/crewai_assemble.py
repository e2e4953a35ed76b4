"""Assembles the real `crewai.Crew` of a whole plan, to look at, draw and compare; it does not run."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

from crewai import Agent, Crew, Process, Task

from crewctl.adapters.crewai_build import Parts, led_by
from crewctl.adapters.crewai_tools_of_plan import write_sources
from crewctl.errors import NotApprovedError
from crewctl.planning.plan import Plan, PlannedMarket, PlannedTask

_FREE = "Answer with the name of the best draft, your reasons by each criterion, and its full text."


class _NoKeys(Mapping[str, str]):
    """An environment in which every key is a word that no endpoint accepts."""

    def __getitem__(self, name: str) -> str:
        return "not-in-an-assembled-crew"

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class AssembledCrew(Crew):  # type: ignore[misc] # CrewAI's types are not followed
    """A crew of the catalogue that only the registry may run: every way to start it says so."""

    def kickoff(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse; NotApprovedError names the command that runs the crew."""
        self._refuse()

    kickoff_for_each = replay = train = test = kickoff

    async def akickoff(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse likewise."""
        self._refuse()

    kickoff_async = kickoff_for_each_async = akickoff_for_each = akickoff

    def _refuse(self) -> NoReturn:
        raise NotApprovedError(
            f"crew {self.name!r} was assembled to be looked at; only the registry runs it, "
            "within its limits and with its approval",
            help=f"run it with: crewctl kickoff {self.name}",
        )


def assemble(plan: Plan) -> AssembledCrew:
    """Return the crew as one would write it by hand with CrewAI, placeholders unfilled.

    A market becomes drafts side by side, one for each contestant, and a judge's task over them. No
    key of any model is in it. EngineError when a tool or a model cannot be made.
    """
    parts = Parts(plan, _NoKeys())
    with _tool_files(plan):
        agents = [parts.agent(agent.name) for agent in plan.agents if agent.name != plan.manager_agent]
        tasks = _tasks(parts)
        return AssembledCrew(
            name=plan.crew, agents=agents, tasks=tasks, verbose=False, tracing=False, **_process(parts)
        )


def _process(parts: Parts) -> dict[str, Any]:
    if parts.plan.process != "hierarchical":
        return {"process": Process.sequential}
    return {"process": Process.hierarchical, **led_by(parts)}


def _tasks(parts: Parts) -> list[Task]:
    plan, made = parts.plan, dict[str, Task]()
    for planned in plan.tasks:
        doer = parts.agent(planned.agent) if planned.agent else None
        made[planned.name] = _task(parts, planned, doer, made)
    if plan.market is None:
        return list(made.values())
    _settle_before_drafts(plan.tasks, made)
    drafts = [_draft(parts, plan.market, contestant, made) for contestant in plan.market.contestants]
    return [*made.values(), *drafts, _judgement(parts.agent(plan.market.judge), plan.market, drafts)]


def _task(parts: Parts, planned: PlannedTask, agent: Agent | None, earlier: Mapping[str, Task]) -> Task:
    """Return a task with everything that the plan says of it."""
    given: dict[str, Any] = {"async_execution": planned.async_execution}
    if planned.context is not None:
        given["context"] = [earlier[name] for name in planned.context]
    if planned.output_file is not None:
        given |= {"output_file": planned.output_file, "create_directory": planned.create_directory}
    return parts.task(planned, agent, **given)


def _settle_before_drafts(planned: tuple[PlannedTask, ...], made: Mapping[str, Task]) -> None:
    """Let the last tasks before the drafts finish: CrewAI allows no unfinished task as context."""
    for task in reversed(planned):
        if not task.async_execution:
            return
        made[task.name].async_execution = False


def _draft(parts: Parts, market: PlannedMarket, contestant: str, earlier: Mapping[str, Task]) -> Task:
    names = market.task.context if market.task.context is not None else tuple(earlier)
    planned = market.task.model_copy(update={"name": f"{market.task.name}_{contestant}", "output_file": None})
    # Said in so many words, because CrewAI shows an asynchronous task nothing by default.
    context = [earlier[name] for name in names]
    return parts.task(planned, parts.agent(contestant), context=context, async_execution=True)


def _judgement(judge: Agent, market: PlannedMarket, drafts: list[Task]) -> Task:
    criteria = "\n".join(
        f"- {criterion.name} ({'must be met' if criterion.must else f'weight {criterion.weight:g}'}): "
        f"{criterion.says}"
        for criterion in market.rubric.criteria
    )
    return Task(
        name=f"judge_{market.task.name}",
        description=f"Choose the best of the {len(drafts)} drafts of {market.task.name!r} by these "
        f"criteria:\n{criteria}",
        expected_output=_FREE,
        agent=judge,
        context=drafts,
    )


@contextlib.contextmanager
def _tool_files(plan: Plan) -> Iterator[None]:
    """Have the plan's tool files importable, and leave no trace of it in this process."""
    before = {name: module for name, module in sys.modules.items() if _is_of_tools(name)}
    path = list(sys.path)
    with tempfile.TemporaryDirectory() as folder:
        try:
            write_sources(plan.tool_sources, Path(folder))
            yield
        finally:
            sys.path[:] = path
            for name in [name for name in sys.modules if _is_of_tools(name)]:
                del sys.modules[name]
            sys.modules.update(before)


def _is_of_tools(module: str) -> bool:
    return module == "tools" or module.startswith("tools.")
