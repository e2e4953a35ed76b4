"""Asynchronous tasks stand where CrewAI can wait for them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from crewctl.catalogue.catalogue import AnyCrew
from crewctl.catalogue.draft import Draft
from crewctl.catalogue.specs.crew_spec import MarketCrew
from crewctl.catalogue.uses import TaskInOrder
from crewctl.diagnostics.problem import Problem, Related


def async_order(draft: Draft) -> Iterator[Problem]:
    """Yield a problem for every order of asynchronous tasks that CrewAI refuses."""
    for name, crew in draft.catalogue.crews.items():
        order = draft.uses[name].order
        if any(_is_async(draft, task) for task in order):
            yield from _at_the_end(draft, name, crew, order)
            yield from _waiting_for_each_other(draft, name, order)


def _at_the_end(draft: Draft, name: str, crew: AnyCrew, order: tuple[TaskInOrder, ...]) -> Iterator[Problem]:
    last = list(takewhile(lambda task: _is_async(draft, task), reversed(order)))
    if len(last) > 1 and not isinstance(crew, MarketCrew):
        yield Problem(
            draft.crew(name, *last[0].path),
            "async-order",
            f"crew '{name}' ends with {len(last)} asynchronous tasks, and nothing waits for them",
            "the last of them",
            "let the last task be a synchronous one, which takes their outputs as context",
            (Related(draft.task(last[0].name, "async_execution"), f"'{last[0].name}' is asynchronous"),),
        )


def _waiting_for_each_other(draft: Draft, name: str, order: tuple[TaskInOrder, ...]) -> Iterator[Problem]:
    running: set[str] = set()
    for task in order:
        spec = draft.catalogue.tasks.get(task.name)
        if spec is None or not spec.async_execution:
            running.clear()
            continue
        for position, needed in enumerate(spec.context or ()):
            if needed in running:
                yield Problem(
                    draft.crew(name, *task.path),
                    "async-order",
                    f"'{task.name}' and '{needed}' run side by side in crew '{name}', and one waits for the other",
                    "cannot start before the other has ended",
                    "put a synchronous task between them, or take async_execution away",
                    (Related(draft.task(task.name, "context", position), f"'{needed}' is asked for here"),),
                )
        running.add(task.name)


def _is_async(draft: Draft, task: TaskInOrder) -> bool:
    spec = draft.catalogue.tasks.get(task.name)
    return spec is not None and spec.async_execution
