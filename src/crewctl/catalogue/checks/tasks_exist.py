"""Every task that a crew lists is in config/tasks.yaml, and is listed once."""

from __future__ import annotations

from collections.abc import Iterator

from crewctl.catalogue.draft import Draft
from crewctl.catalogue.kinds import TASKS_FILE
from crewctl.catalogue.uses import TaskInOrder
from crewctl.diagnostics.nearest import did_you_mean
from crewctl.diagnostics.problem import Problem, Related


def tasks_exist(draft: Draft) -> Iterator[Problem]:
    """Yield a problem for every task that is unknown, or listed again."""
    for name, uses in draft.uses.items():
        yield from _of_crew(draft, name, uses.tasks)


def _of_crew(draft: Draft, name: str, tasks: tuple[TaskInOrder, ...]) -> Iterator[Problem]:
    first: dict[str, TaskInOrder] = {}
    for task in tasks:
        if task.name not in draft.declared.tasks:
            yield Problem(
                draft.crew(name, *task.path),
                "unknown-task",
                f"there is no task '{task.name}'",
                did_you_mean(task.name, draft.data(TASKS_FILE)) or "no task has this name",
                f"describe '{task.name}' in {TASKS_FILE}, or name another task",
            )
        elif task.name in first:
            yield Problem(
                draft.crew(name, *task.path),
                "task-twice",
                f"crew '{name}' lists the task '{task.name}' twice",
                "the second time",
                "describe a second task under another name, or take one of the two away",
                (Related(draft.crew(name, *first[task.name].path), f"'{task.name}' is first listed here"),),
            )
        first.setdefault(task.name, task)
