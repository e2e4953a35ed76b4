"""The engine: each step in a forked child of its own, metered, limited and accounted for here."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Self

from crewctl.adapters.child_process import ChildProcess
from crewctl.adapters.child_protocol import MAX_OUTPUT, ChildRequest, ForkOrder
from crewctl.adapters.engine_context import RunContext
from crewctl.adapters.engine_state import EngineState, wait_for_bell
from crewctl.adapters.exchange_recordings import Recordings, as_then
from crewctl.adapters.step_events import LONGEST_ERROR
from crewctl.adapters.step_folder import LOG, make_step_folder, tidy_step_folder
from crewctl.adapters.step_limits import START_SECONDS, StepLimits
from crewctl.adapters.step_log import StepLog
from crewctl.adapters.step_run import StepRun, Verdict
from crewctl.adapters.stop_watch import EVERY
from crewctl.adapters.warm_zygote import WarmZygote
from crewctl.adapters.zygote import Zygote
from crewctl.adapters.zygote_environment import all_secrets, secrets_for
from crewctl.audit.events import StepFinished, StepKind, StepStarted
from crewctl.audit.redaction import Redaction
from crewctl.diagnostics.visible import visible
from crewctl.errors import EngineError
from crewctl.planning.plan import Plan
from crewctl.planning.rehearsal import NOT_EXECUTED
from crewctl.running.port import Abandoned, ModelCall, Refusal, StepResult, TaskWork

ZYGOTES = 3
"""As many zygotes as a step waits for, one after the other, when they are killed while they load."""

LOG_LINES = 5
"""Lines of a dead child's log that its error quotes."""

NO_KEY = "replay"
"""Stands for a key where nobody is asked, because clients insist on one."""


class ZygoteEngine:
    """A CrewEngine over processes. A context manager: entering begins to import CrewAI, leaving ends it.

    Steps may run side by side, each called from a thread of its own. EngineError when the process
    that hosts CrewAI cannot start or ends; StoreError when the account cannot be written.
    `child` puts other code in CrewAI's place: a module or file for `zygote_main`'s ``--child``.
    `warm` is a zygote that other runs use too; then leaving does not end it.
    """

    def __init__(
        self,
        plan_bytes: bytes,
        plan: Plan,
        run: RunContext,
        *,
        child: str | None = None,
        warm: WarmZygote | None = None,
    ) -> None:
        self._plan_bytes = plan_bytes
        self._plan = plan
        self._run = run
        self._state = EngineState(plan, run)
        self._redaction = Redaction(all_secrets(plan, run.environ))
        self._lock = threading.Lock()
        self._attempts = _attempts_before(run)
        self._recordings = Recordings(plan, run)
        self._folder = run.work_dir.absolute()
        self._own = warm is None
        self._warm_zygote = warm or WarmZygote(
            self._folder / "zygote", run.environ, tools=wants_tools(plan), child=child
        )

    def __enter__(self) -> Self:
        """Start the zygote; its import goes on beside whatever comes next."""
        self._run.meter.listen(self._state.ring)
        self._run.stop.listen(self._state.ring)
        self._warm_zygote.current()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the zygote. No step may be running any more."""
        self._run.meter.forget(self._state.ring)
        self._run.stop.forget(self._state.ring)
        if self._own:
            self._warm_zygote.close()
        self._state.close()

    def run_task(self, work: TaskWork) -> StepResult:
        """Run one task to its end. Never raises for what the step did."""
        return self._run_step("task", work.task, work.agent or self._doer(work), work)

    def run_call(self, call: ModelCall) -> StepResult:
        """Make one model call. Never raises for what the model did."""
        return self._run_step("judge_call", "", call.agent, call)

    def pause(self, step: str, seconds: float) -> StepResult | None:
        """Wait before the next try of a step, on the run's clock; a stop or a limit ends the wait at once."""
        if self._run.replays is not None:
            return self._ended()  # whoever gave the recorded answers has had time
        limits = StepLimits(self._state, None, time.monotonic())
        until = time.monotonic() + seconds
        try:
            with self._state.bell() as bell:
                while (ended := self._ended()) is None and (left := until - time.monotonic()) > 0:
                    if (limit := limits.passed_of_run()) is not None:
                        self._state.reach(limit, step)
                        continue
                    wait_for_bell(bell, min(left, limits.next_of_run() or left, EVERY))
                return ended
        finally:
            limits.leave()

    def _doer(self, work: TaskWork) -> str:
        tasks = [*self._plan.tasks, *([self._plan.market.task] if self._plan.market else [])]
        planned = next((task for task in tasks if task.name == work.task), None)
        return (planned.agent if planned else None) or self._plan.manager_agent or "manager"

    def _run_step(self, kind: StepKind, task: str, agent: str, work: TaskWork | ModelCall) -> StepResult:
        zygote = self._ended() or self._warm(work.step)
        if isinstance(zygote, StepResult):
            return zygote
        began = time.monotonic()
        attempt = self._next_attempt(work.step)
        self._state.record(
            StepStarted(step=work.step, step_kind=kind, attempt=attempt, task=task, agent=agent)
        )
        folder = make_step_folder(self._folder, work.step)
        try:
            result, fate = self._in_child(zygote, work, attempt, folder, began)
        except EngineError as problem:
            # The next try gets a new one.
            result = self._failed(problem.message).model_copy(update={"passing": True})
            fate = "lost with its zygote"
        finally:
            tidy_step_folder(folder)
        if result.outcome != "done":
            self._leave_if_asked()
        self._finish(work.step, attempt, began, result, fate)
        return result

    def _finish(self, step: str, attempt: int, began: float, result: StepResult, fate: str) -> None:
        self._state.record(
            StepFinished(
                step=step,
                attempt=attempt,
                outcome=result.outcome,
                output=result.output,
                error=result.error,
                seconds=time.monotonic() - began,
                exit=fate,
                passing=result.passing,
                model=result.model,
                limit=result.limit,
                until=result.until,
                clock=self._state.clock_shows,
            )
        )

    def _leave_if_asked(self) -> None:
        """Abandoned when this process leaves the run: a step that was cut off is not finished."""
        if self._run.stop.cause == "leave":
            raise Abandoned("this process is leaving")

    def _ended(self) -> StepResult | None:
        """Return what a new step comes to when the run is at its end; None while it is not."""
        self._state.watch.look()
        self._leave_if_asked()
        if self._run.stop.is_set:
            return StepResult(outcome="stopped", error=self._run.stop.why)
        reached = self._state.reached or self._run.meter.tripped
        if reached is not None:
            return StepResult(outcome="limit_reached", limit=reached.limit)
        return None

    def _warm(self, step: str) -> Zygote | StepResult:
        """Return a zygote that is ready, or what the step comes to when that took too long or was stopped."""
        began = time.monotonic()
        for left in reversed(range(ZYGOTES)):
            self._warm_zygote.refuse_change()
            zygote = self._warm_zygote.current()
            try:
                if zygote.wait_ready(began + START_SECONDS, self._must_end):
                    # While it was loading, what it loads may have been changed.
                    self._warm_zygote.refuse_change()
                    return zygote
                break
            except EngineError:
                self._warm_zygote.refuse_change()
                # Killed while it was loading, nothing has begun: another one takes its place.
                if zygote.cannot_load or not left:
                    raise
        if (ended := self._ended()) is not None:
            return ended
        waited = time.monotonic() - began
        limit = Refusal(limit="engine_start", allowed=START_SECONDS, used=waited)
        self._state.reach(limit, step)
        return StepResult(outcome="limit_reached", limit="engine_start")

    def _must_end(self) -> bool:
        self._state.watch.look()
        return self._run.stop.is_set

    def _in_child(
        self, zygote: Zygote, work: TaskWork | ModelCall, attempt: int, folder: Path, began: float
    ) -> tuple[StepResult, str]:
        given = self._recordings.for_attempt(work.step, attempt)
        order = ForkOrder(
            request=ChildRequest(
                run_id=self._run.run_id,
                plan=self._plan_bytes.decode(),
                crew_digest=self._plan.crew_digest,
                inputs_digest=self._plan.inputs_digest,
                work=work,
                rehearsal=self._run.rehearsal and self._run.replays is None,
                recordings=given.recordings,
                tools=given.tools,
            ),
            folder=str(folder),
            secrets=self._secrets(work),
        )
        limits = StepLimits(self._state, work if isinstance(work, TaskWork) else None, began)
        try:
            with (
                self._state.bell() as bell,
                StepLog(folder / LOG, self._redaction) as log,
                closing(ChildProcess(zygote, order, log.take)) as child,
            ):
                step = StepRun(self._state, work.step, child, bell, limits, attempt)
                step.run()
                if child.pid is None and zygote.is_gone:
                    raise zygote.gone()
                log.close()
                if step.departed is not None:
                    return self._recordings.ended(step.departed, work.step, given), child.fate()
                return as_then(self._conclude(step, child, log), given), child.fate()
        finally:
            limits.leave()

    def _secrets(self, work: TaskWork | ModelCall) -> dict[str, str]:
        """Return the keys that the step needs; where nobody is asked, something that is none."""
        if self._run.replays is not None:
            return {model.api_key_env: NO_KEY for model in self._plan.models if model.api_key_env}
        return secrets_for(self._plan, work, self._run.environ)

    def _conclude(self, step: StepRun, child: ChildProcess, log: StepLog) -> StepResult:
        """Say how the step ended: by the parent's verdict first, and by the child's word last."""
        if step.verdict is not None:
            return self._by_verdict(step.verdict)
        if step.result is None:
            died = self._failed(_death(child.fate(), log.last(LOG_LINES)))
            # Whoever killed it, it was not us: the next try may well come through.
            return died.model_copy(update={"passing": child.was_killed})
        if not step.result.ok:
            failed = self._failed(step.result.error or "the step failed without saying why")
            # What passes is known from the transport, never from what anybody says.
            faults = step.faults
            update = {"passing": faults.passing, "model": faults.model, "until": faults.until}
            return failed.model_copy(update=update)
        output = step.result.output.encode()
        if len(output) > MAX_OUTPUT:
            return self._failed(f"the output has {len(output):,} bytes, and {MAX_OUTPUT:,} are allowed")
        return StepResult(outcome="done", output=self._run.contents.put(self._run.run_id, output))

    def _by_verdict(self, verdict: Verdict) -> StepResult:
        error = self._clean(verdict.error)
        return StepResult(
            outcome=verdict.outcome,
            error=error,
            limit=verdict.limit,
            card=verdict.card,
            passing=verdict.until is not None,
            model=verdict.model,
            until=verdict.until,
        )

    def _failed(self, error: str) -> StepResult:
        return StepResult(outcome="failed", error=self._clean(error))

    def _clean(self, error: str) -> str:
        return visible(self._redaction.of_text(error))[:LONGEST_ERROR]

    def _next_attempt(self, step: str) -> int:
        with self._lock:
            attempt = self._attempts[step] = self._attempts.get(step, 0) + 1
            return attempt


def wants_tools(plan: Plan) -> bool:
    """Tell whether the plan's children need crewai_tools."""
    shipped = [tool for tool in plan.tools if tool.kind == "crewai_tools"]
    return any(NOT_EXECUTED not in tool.tags for tool in shipped)


def _attempts_before(run: RunContext) -> dict[str, int]:
    """Return how often each step was started before, by processes that have died since."""
    found: dict[str, int] = {}
    for recorded in run.store.events_of(run.run_id):
        if isinstance(recorded.event, StepStarted):
            found[recorded.event.step] = max(found.get(recorded.event.step, 0), recorded.event.attempt)
    return found


def _death(fate: str, last: str) -> str:
    said = f"; the last it said was:\n{last}" if last else ""
    return f"the child process ended without a result ({fate}){said}"
