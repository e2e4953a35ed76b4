"""The one place where a step is handed to the engine: tried again, by others if need be, and given up in the end.

All of it happens inside the durable step, and its memory is the run's account: whoever takes the run up
after a crash finds there how often the step was tried, who had taken over, and how long is left to wait.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from crewctl.audit.events_faults import FallbackTaken, StepGivenUp, StepRetryScheduled
from crewctl.planning.faults import agents_after, models_after, retry_of, stands_for
from crewctl.planning.plan import Plan, PlannedRetry, PlannedTask
from crewctl.processes.asking import amended
from crewctl.processes.asking_about_failures import asked_about
from crewctl.processes.backoff import delay_before
from crewctl.processes.outcome import came_to_nothing
from crewctl.processes.rooms import ProcessRooms
from crewctl.processes.tries import Tries, TriesBook
from crewctl.running.port import ModelCall, StepResult, Suspended, TaskWork


def attempted(plan: Plan, rooms: ProcessRooms, work: TaskWork) -> StepResult:
    """Do one task, as often and by whom its plan says; Suspended when a person has to answer first."""
    task = _planned(plan, work)
    first = work.agent or task.agent

    def once(tries: Tries) -> StepResult:
        update = {"agent": tries.agent or work.agent, "models": tries.models, "worked": tries.worked}
        return rooms.engine.run_task(work.model_copy(update=update))

    return _Course(
        rooms=rooms,
        step=work.step,
        once=once,
        retry=lambda agent: retry_of(plan, task, agent or first),
        models=lambda model: models_after({each.name: each for each in plan.models}, model),
        agents=lambda agent: agents_after(plan, task, agent or first, took_over=agent is not None),
        first=first or "",
        # A contestant that fails is no draft, and the market goes on without it.
        task=None if work.market else task,
    ).run()


def asked(plan: Plan, rooms: ProcessRooms, call: ModelCall) -> StepResult:
    """Make one call of a judge or an editor, as often and of which model its plan says."""
    seats = plan.market.judges if plan.market is not None else ()
    judge = next((seat for seat in seats if seat.agent == call.agent), None)
    after = models_after({each.name: each for each in plan.models}, call.model)
    spares = after if judge is None else judge.fallbacks

    def once(tries: Tries) -> StepResult:
        model = stands_for(call.model, tries.models)
        return rooms.engine.run_call(call.model_copy(update={"model": model}))

    return _Course(
        rooms=rooms,
        step=call.step,
        once=once,
        retry=lambda _: retry_of(plan, None, call.agent),
        models=lambda model: spares[spares.index(model) + 1 :] if model in spares else spares,
        agents=lambda _: (),
        first=call.agent,
        task=None,
    ).run()


@dataclass(frozen=True)
class _Course:
    """One step's course: `models` and `agents` return who may take over after a model or an agent, in order."""

    rooms: ProcessRooms
    step: str
    once: Callable[[Tries], StepResult]
    retry: Callable[[str | None], PlannedRetry]
    models: Callable[[str], tuple[str, ...]]
    agents: Callable[[str | None], tuple[str, ...]]
    first: str
    task: PlannedTask | None

    def run(self) -> StepResult:
        """Try until the step is done, is ended from outside, or nobody is left."""
        tries = self._known()
        wait = 0.0 if tries.due is None else (tries.due - self._now()).total_seconds()
        while True:
            result = tries.last or self._next_try(tries, wait)
            if result.outcome == "waiting":
                raise Suspended(result.card or "")
            if not came_to_nothing(result):
                return result
            if tries.given_up is not None:
                return result.model_copy(update={"given_up": tries.given_up})
            tries = self._known()
            wait = self._retry(tries, result)
            if not wait and not self._fallback(tries, result):
                left = self._left(tries, result)
                if left is not None:
                    return left
            tries = replace(self._known(), last=None)

    def _known(self) -> Tries:
        book = self.rooms.tries or TriesBook(self.rooms.store, self.rooms.run_id)
        return book.of(self.step)

    def _next_try(self, tries: Tries, wait: float) -> StepResult:
        ended = self.rooms.engine.pause(self.step, wait) if wait > 0 else None
        return ended or self.once(tries)

    def _retry(self, tries: Tries, result: StepResult) -> float:
        """Schedule a further try of the same agent and model; return the seconds before it, 0 without one."""
        retry = self.retry(tries.agent)
        if not result.passing or tries.count >= retry.attempts:
            return 0.0
        delay = delay_before(self.rooms.run_id, self.step, tries.count + 1, retry)
        if result.until is not None:
            closed = (result.until - self._now()).total_seconds()
            # Nobody waits for an endpoint that is left alone while somebody else can take over.
            if closed > retry.longest or self._taker(tries, result) is not None:
                return 0.0
            delay = max(delay, closed)
        self.rooms.store.append(
            self.rooms.run_id,
            StepRetryScheduled(step=self.step, attempt=tries.attempt, error=result.error, delay=delay),
        )
        return delay

    def _fallback(self, tries: Tries, result: StepResult) -> bool:
        """Have another model take over, and when no model is left another agent."""
        taken = self._taker(tries, result)
        if taken is not None:
            self.rooms.store.append(self.rooms.run_id, taken)
        return taken is not None

    def _taker(self, tries: Tries, result: StepResult) -> FallbackTaken | None:
        model = next(iter(self.models(result.model)), None) if result.model else None
        agent = next(iter(self.agents(tries.agent)), None)
        if model is not None:
            return self._takes("model", result.model, model, result)
        if agent is not None:
            return self._takes("agent", tries.agent or self.first, agent, result)
        return None

    def _takes(
        self, what: Literal["agent", "model"], before: str, after: str, result: StepResult
    ) -> FallbackTaken:
        return FallbackTaken(
            step=self.step, what=what, instead_of=before, taken=after, error=result.error or result.outcome
        )

    def _left(self, tries: Tries, result: StepResult) -> StepResult | None:
        """Return what the step comes to when nobody is left to try it; None for another try that a person wants."""
        if self.task is None or self.task.on_failure == "fail":
            return result
        if self.task.on_failure != "ask":
            return self._given_up(self.task, self.task.on_failure, result)
        answer = asked_about(self.task, self.step, tries, result, self.rooms)
        if answer is None:
            return result
        if answer.action == "skip":
            return self._given_up(self.task, "skip", result)
        if answer.action == "amend":
            return StepResult(outcome="done", output=amended(answer, self.rooms))
        return None if answer.action == "approve" else result

    def _given_up(
        self, task: PlannedTask, how: Literal["continue", "skip"], result: StepResult
    ) -> StepResult:
        """Write down that the run goes on without this step."""
        error = result.error or result.outcome
        self.rooms.store.append(
            self.rooms.run_id, StepGivenUp(step=self.step, task=task.name, how=how, error=error)
        )
        return result.model_copy(update={"given_up": how})

    def _now(self) -> datetime:
        return datetime.now(UTC) if self.rooms.clock is None else self.rooms.clock.now()


def _planned(plan: Plan, work: TaskWork) -> PlannedTask:
    if work.market and plan.market is not None:
        return plan.market.task
    return next(task for task in plan.tasks if task.name == work.task)
