"""A task's context is known, does not go in a circle, and comes earlier in every crew."""

from __future__ import annotations

from collections.abc import Iterator

from crewctl.catalogue.draft import Draft
from crewctl.catalogue.kinds import TASKS_FILE
from crewctl.catalogue.uses import TaskInOrder
from crewctl.diagnostics.nearest import did_you_mean
from crewctl.diagnostics.problem import Problem, Related


def context_in_order(draft: Draft) -> Iterator[Problem]:
    """Yield a problem for every context that a task cannot have."""
    circles = _circles(draft)
    for name, spec in draft.catalogue.tasks.items():
        for position, needed in enumerate(spec.context or ()):
            if needed not in draft.declared.tasks:
                yield _unknown(draft, name, position, needed)
    for circle in circles:
        yield _circle(draft, circle)
    in_circles = {task for circle in circles for task in circle}
    for name, uses in draft.uses.items():
        yield from _of_crew(draft, name, uses.tasks, in_circles)


def _unknown(draft: Draft, task: str, position: int, needed: str) -> Problem:
    return Problem(
        draft.task(task, "context", position),
        "unknown-task",
        f"there is no task '{needed}' for the context of '{task}'",
        did_you_mean(needed, draft.data(TASKS_FILE)) or "no task has this name",
        f"describe '{needed}' in {TASKS_FILE}, or name another task",
    )


def _circle(draft: Draft, circle: tuple[str, ...]) -> Problem:
    first, *rest = circle
    context = draft.catalogue.tasks[first].context or []
    following = rest[0] if rest else first
    said = (
        f"the contexts of tasks go in a circle: {' → '.join((*circle, first))}"
        if rest
        else f"task '{first}' has itself as context"
    )
    return Problem(
        draft.task(first, "context", context.index(following)),
        "context-circle",
        said,
        "neither can come first" if rest else "a task cannot wait for itself",
        "take one of these contexts away",
    )


def _of_crew(
    draft: Draft, name: str, tasks: tuple[TaskInOrder, ...], in_circles: set[str]
) -> Iterator[Problem]:
    order = [task.name for task in tasks]
    for position, task in enumerate(tasks):
        spec = draft.catalogue.tasks.get(task.name)
        for at, needed in enumerate((spec.context if spec is not None else None) or ()):
            known = needed in draft.declared.tasks and not (needed in in_circles and task.name in in_circles)
            if not known or needed in order[:position]:
                continue
            later = needed in order
            yield Problem(
                draft.crew(name, *task.path),
                "forward-context",
                f"task '{task.name}' needs the output of '{needed}', which "
                + (f"comes later in crew '{name}'" if later else f"crew '{name}' does not list"),
                f"'{needed}' must come before this",
                f"list '{needed}' before '{task.name}', or take it out of the context",
                (Related(draft.task(task.name, "context", at), f"'{needed}' is asked for here"),),
            )


def _circles(draft: Draft) -> list[tuple[str, ...]]:
    """Return each circle of contexts once; a depth-first walk that looks at every task once."""
    tasks = draft.catalogue.tasks
    done: set[str] = set()
    circles: list[tuple[str, ...]] = []
    for start in tasks:
        if start in done:
            continue
        way, ahead = [start], [iter(tasks[start].context or ())]
        while ahead:
            needed = next(ahead[-1], None)
            if needed is None:
                ahead.pop()
                done.add(way.pop())
            elif needed in way:
                circles.append(tuple(way[way.index(needed) :]))
            elif needed in tasks and needed not in done:
                way.append(needed)
                ahead.append(iter(tasks[needed].context or ()))
    return circles
