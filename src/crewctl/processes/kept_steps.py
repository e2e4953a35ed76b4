"""Steps that an earlier run has finished already: what was kept is answered, all else is passed on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TypeVar

from pydantic import BaseModel

from crewctl.audit.events import KickoffRequested, LimitName, OutputWritten, Recorded
from crewctl.audit.events_work import KeptStep, StepsKept
from crewctl.audit.port import ContentStore, RunStore
from crewctl.errors import InvalidError, NotFoundError, StoreError
from crewctl.planning.kept_plan import plan_of
from crewctl.planning.plan import Plan, PlannedTask
from crewctl.processes.keeping import Kept, to_keep
from crewctl.running.port import StepResult, Steps

M = TypeVar("M", bound=BaseModel)


class KeptSteps:
    """The Steps port over another: steps of `kept` are answered from the earlier run, and cost nothing.

    Nothing of them is written into a file: what an earlier run gave out stays as it is.
    """

    def __init__(self, steps: Steps, kept: StepsKept) -> None:
        self._steps = steps
        self._known: dict[str, BaseModel] = {}
        for step in kept.steps:
            # The earlier run went on from it, so it was the step's own time that had run out.
            limit: LimitName | None = "task_timeout" if step.outcome == "limit_reached" else None
            self._known[step.step] = StepResult(
                outcome=step.outcome,
                output=step.output,
                error=step.error,
                limit=limit,
                given_up=step.given_up,
            )
            self._known[f"file.{step.task}"] = OutputWritten(task=step.task, file="")

    def do(self, key: str, work: Callable[[], M], result: type[M]) -> M:
        """Return what was kept, or do the work as a step of this run."""
        known = self._known.get(key)
        return known if isinstance(known, result) else self._steps.do(key, work, result)

    def do_all(self, works: Mapping[str, Callable[[], M]], result: type[M]) -> dict[str, M]:
        """Do side by side what was not kept; results in the order of `works`."""
        new = {key: work for key, work in works.items() if not isinstance(self._known.get(key), result)}
        done = self._steps.do_all(new, result) if new else {}
        return {
            key: self.do(key, work, result) if key not in done else done[key] for key, work in works.items()
        }

    def wait(self, key: str, card: str, answer: Callable[[], M | None], result: type[M]) -> M:
        """Wait as a step of this run."""
        return self._steps.wait(key, card, answer, result)

    def guarded_by(self, gate: Callable[[], None]) -> AbstractContextManager[None]:
        """Ask the gate before this run's first new step."""
        return self._steps.guarded_by(gate)


def with_kept(
    plan: Plan, run_id: str, store: RunStore, contents: ContentStore, steps: Steps
) -> tuple[Plan, Steps]:
    """Return plan and steps of a run; of a fork, so that what it keeps is neither done nor asked about again.

    What is kept is written down once, with this run's own copy of every output, before the first step.
    """
    records = store.events_of(run_id)
    request = next((r.event for r in records if isinstance(r.event, KickoffRequested)), None)
    if request is None or request.source not in {"fork", "replay"} or request.of is None:
        return plan, steps
    kept = next((r.event for r in records if isinstance(r.event, StepsKept)), None)
    if kept is None and request.source == "replay":
        before = store.events_of(request.of)
        kept = next((r.event for r in before if isinstance(r.event, StepsKept)), None)
        if kept is None:
            return plan, steps
        store.append(run_id, kept)
    if kept is None:
        kept = _taken_over(plan, request, request.of, run_id, store, contents)
        store.append(run_id, kept)
    return _unasked(plan, kept), KeptSteps(steps, kept)


def plan_kept_by(records: Sequence[Recorded], contents: ContentStore) -> Plan:
    """Return the plan that an earlier run followed; an error says why nothing can be compared with it."""
    try:
        return plan_of(records, contents)
    except NotFoundError:
        raise NotFoundError(
            f"the contents of run {records[0].run_id} have been erased, so nothing of it can be kept"
        ) from None
    except StoreError as error:
        raise InvalidError(error.message, help=error.help) from error


def _taken_over(
    plan: Plan, request: KickoffRequested, of: str, run_id: str, store: RunStore, contents: ContentStore
) -> StepsKept:
    records = store.events_of(of)
    before = plan_kept_by(records, contents)
    kept = to_keep(records, before, plan, request.from_task or "", anyway=request.keep_anyway, by=request.by)
    return StepsKept(
        run=of,
        # Copied, so that the earlier run's contents may be erased without this run losing its own.
        steps=tuple(
            KeptStep(
                **each.model_dump(exclude={"output"}),
                output=None if each.output is None else contents.put(run_id, content_of(each, of, contents)),
            )
            for each in kept
        ),
        simulated=before.simulated and bool(kept),
    )


def content_of(kept: Kept, of: str, contents: ContentStore) -> bytes:
    """Return what a step of run `of` came to; NotFoundError when it has been erased."""
    try:
        return b"" if kept.output is None else contents.get(kept.output)
    except NotFoundError:
        raise NotFoundError(f"what run {of} made has been erased, so {kept.step} cannot be kept") from None


def _unasked(plan: Plan, kept: StepsKept) -> Plan:
    """Return the plan as the process is to follow it: people are not asked again what they have decided."""
    decided = {step.task for step in kept.steps if step.decided_by}

    def without(task: PlannedTask) -> PlannedTask:
        return task.model_copy(update={"human_input": False}) if task.name in decided else task

    return plan.model_copy(update={"tasks": tuple(without(task) for task in plan.tasks)})
