"""Every task of a crew has somebody to do it."""

from __future__ import annotations

from collections.abc import Iterator

from crewctl.catalogue.draft import Draft
from crewctl.catalogue.specs.crew_spec import HierarchicalCrew
from crewctl.diagnostics.problem import Problem, Related


def agents_given(draft: Draft) -> Iterator[Problem]:
    """Yield a problem for every task that no agent is to do, and for agents outside a hierarchy.

    Who does a task is never guessed: half of the guesses would be wrong.
    """
    for name, crew in draft.catalogue.crews.items():
        for task in draft.uses[name].order:
            spec = draft.catalogue.tasks.get(task.name)
            if spec is None:
                continue
            agent = task.agent or spec.agent
            if isinstance(crew, HierarchicalCrew):
                if agent is not None and agent not in crew.agents:
                    yield _not_listed(draft, name, task.name, agent)
            elif agent is None:
                yield Problem(
                    draft.crew(name, *task.path),
                    "task-without-agent",
                    f"nobody does the task '{task.name}' in crew '{name}'",
                    "needs an agent",
                    f"write {{task: {task.name}, agent: …}} here",
                    (Related(draft.task(task.name, key=True), f"'{task.name}' names no agent"),),
                )


def _not_listed(draft: Draft, crew: str, task: str, agent: str) -> Problem:
    return Problem(
        draft.crew(crew, "agents"),
        "agent-not-listed",
        f"agent '{agent}' has the task '{task}' and is not among the agents of crew '{crew}'",
        f"'{agent}' is missing here",
        f"add {agent} to agents",
    )
