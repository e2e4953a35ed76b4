"""Tasks one after another, with CrewAI's rules for what waits for what and who sees which output.

As in CrewAI's own sequential and hierarchical crews: consecutive asynchronous tasks run side by
side and are waited for before the next synchronous one; a context that is named holds those outputs;
one that is not holds every earlier output for a synchronous task, and nothing for an asynchronous one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Literal

from crewctl.planning.plan import Plan, PlannedTask
from crewctl.processes.asking import Made, decided
from crewctl.processes.attempts import attempted
from crewctl.processes.outcome import Outcome, ProcessEnded, came_to_nothing, first_end, outcome_of
from crewctl.processes.outputs import Finished, text_of, write_output
from crewctl.processes.rooms import ProcessRooms
from crewctl.running.port import ContextOutput, StepResult, Steps, TaskWork


def run_in_order(plan: Plan, rooms: ProcessRooms, steps: Steps) -> tuple[Finished, ...]:
    """Run every task of the plan; ProcessEnded when one of them ends the run."""
    tasks = plan.tasks
    finished: tuple[Finished, ...] = ()
    for group in _groups(tasks):
        works = {
            _key(tasks, task): TaskWork(
                step=_key(tasks, task),
                task=task.name,
                context=context_of(task, finished),
                timeout=task.timeout,
            )
            for task in group
        }
        results = steps.do_all(
            {key: partial(attempted, plan, rooms, work) for key, work in works.items()}, StepResult
        )
        finished += _finish(group, results, rooms, steps)
    return finished


def final_outcome(finished: Sequence[Finished]) -> Outcome:
    """Return CrewAI's final output: the last that is not empty; without one the run failed."""
    for one in reversed(finished):
        if one.raw:
            return Outcome(how="finished", output=one.output)
    return Outcome(how="failed", error="every task's output is empty")


def context_of(
    task: PlannedTask, finished: Sequence[Finished], *, alone: bool = False
) -> tuple[ContextOutput, ...]:
    """Return the outputs that CrewAI would show the task; `alone` tasks are never asynchronous."""
    if task.context is None:
        if task.async_execution and not alone:
            return ()
        return tuple(one.as_context for one in finished if one.given_up != "skip")
    by_name = {one.task: one for one in finished if one.given_up != "skip"}
    return tuple(by_name[name].as_context for name in task.context if name in by_name)


def _groups(tasks: Sequence[PlannedTask]) -> Iterator[list[PlannedTask]]:
    for side_by_side, together in groupby(tasks, key=lambda task: task.async_execution):
        group = list(together)
        yield from [group] if side_by_side else [[task] for task in group]


def _key(tasks: Sequence[PlannedTask], task: PlannedTask) -> str:
    return f"{tasks.index(task) + 1}.{task.name}"


def _finish(
    group: Sequence[PlannedTask], results: Mapping[str, StepResult], rooms: ProcessRooms, steps: Steps
) -> tuple[Finished, ...]:
    """Write the output files of what was done, then end the process if anything was not.

    People are asked only where the run goes on; an output that they have not seen is not written.
    """
    ends = [_end_of(task, result) for task, result in zip(group, results.values(), strict=True)]
    end = first_end(ends)
    done = [
        Made(task, key, task.agent or "", result.output)
        for task, (key, result), its_end in zip(group, results.items(), ends, strict=True)
        if result.outcome == "done" and its_end is None and (end is None or not task.human_input)
    ]
    finished = {
        task.name: _without(task, result) for task, result in zip(group, results.values(), strict=True)
    }
    for made, left in zip(done, decided(done, rooms, steps), strict=True):
        if left.skipped is None:
            write_output(made.task, left.output, rooms, steps)
        text = text_of(rooms.contents, left.output)
        finished[made.task.name] = Finished(task=made.task.name, output=left.output, raw=text)
    if end is not None:
        raise ProcessEnded(end)
    return tuple(one for one in finished.values() if one is not None)


def _end_of(task: PlannedTask, result: StepResult) -> Outcome | None:
    return None if _given_up(task, result) else outcome_of(task.name, result)


def _given_up(task: PlannedTask, result: StepResult) -> Literal["continue", "skip"] | None:
    """Return how the run goes on without a task; None where it does not."""
    if not came_to_nothing(result):
        return None
    return task.on_failure if task.on_failure in ("continue", "skip") else result.given_up


def _without(task: PlannedTask, result: StepResult) -> Finished | None:
    """Return what goes on of a task that was given up; None of any other, which has an output or none."""
    given_up = _given_up(task, result)
    return None if given_up is None else Finished(task=task.name, output=None, raw="", given_up=given_up)
