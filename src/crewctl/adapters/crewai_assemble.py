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
from crewctl.adapters.market_by_hand import tasks_by_hand
from crewctl.adapters.tool_files import is_of_tools, write_sources
from crewctl.errors import NotApprovedError
from crewctl.planning.plan import Plan, PlannedTask


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
    absent = {plan.manager_agent, *plan.stand_ins}
    with _tool_files(plan):
        agents = [parts.agent(agent.name) for agent in plan.agents if agent.name not in absent]
        tasks = _tasks(parts)
        return AssembledCrew(
            name=plan.crew, agents=agents, tasks=tasks, verbose=False, tracing=False, **_process(parts)
        )


def _process(parts: Parts) -> dict[str, Any]:
    if parts.plan.process != "hierarchical":
        return {"process": Process.sequential}
    return {"process": Process.hierarchical, **led_by(parts)}


def _tasks(parts: Parts) -> list[Task]:
    made: dict[str, Task] = {}
    for planned in tasks_by_hand(parts.plan):
        doer = parts.agent(planned.agent) if planned.agent else None
        made[planned.name] = _task(parts, planned, doer, made)
    return list(made.values())


def _task(parts: Parts, planned: PlannedTask, agent: Agent | None, earlier: Mapping[str, Task]) -> Task:
    """Return a task with everything that the plan says of it."""
    given: dict[str, Any] = {"async_execution": planned.async_execution}
    if planned.context is not None:
        given["context"] = [earlier[name] for name in planned.context]
    if planned.output_file is not None:
        given |= {"output_file": planned.output_file, "create_directory": planned.create_directory}
    return parts.task(planned, agent, **given)


@contextlib.contextmanager
def _tool_files(plan: Plan) -> Iterator[None]:
    """Have the plan's tool files importable, and leave no trace of it in this process."""
    before = {name: module for name, module in sys.modules.items() if is_of_tools(name)}
    finders = list(sys.meta_path)
    with tempfile.TemporaryDirectory() as folder:
        try:
            write_sources(plan.tool_sources, Path(folder))
            yield
        finally:
            sys.meta_path[:] = finders
            for name in [name for name in sys.modules if is_of_tools(name)]:
                del sys.modules[name]
            sys.modules.update(before)
