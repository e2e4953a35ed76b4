"""An engine without children: scripted outputs by task and agent, and a judge by preference."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping

from crewctl.audit.events import StepFinished, StepKind, StepStarted
from crewctl.audit.port import ContentStore, RunStore
from crewctl.running.port import ModelCall, StepResult, TaskWork
from crewctl.testing.fake_judge import longest_first, well_formed

Script = Mapping[str, str | StepResult | list[str | StepResult]]


def judge_by_length(call: ModelCall) -> str:
    """Answer a judge call by preferring the longer draft."""
    return json.dumps(well_formed(call.messages[-1].content, longest_first))


class FakeEngine:
    """The CrewEngine port over a script.

    `script` maps a step (``1.research``), an agent or a task to a text or a whole result; the first of
    the three that is named counts, and what is named nowhere answers with its own step. `kickoffs` and
    `calls` hold what was asked, in the order in which it came.
    """

    def __init__(
        self,
        run_id: str,
        store: RunStore,
        contents: ContentStore,
        script: Script | None = None,
        judge: Callable[[ModelCall], str | StepResult] = judge_by_length,
    ) -> None:
        self._run_id = run_id
        self._store = store
        self._contents = contents
        self._script = script or {}
        self._judge = judge
        self._lock = threading.Lock()
        self.kickoffs: list[TaskWork] = []
        self.calls: list[ModelCall] = []
        self.pauses: list[tuple[str, float]] = []
        self.interrupted: StepResult | None = None
        self._attempts: dict[str, int] = {}

    def run_task(self, work: TaskWork) -> StepResult:
        """Answer a task by the script."""
        with self._lock:
            self.kickoffs.append(work)
        names = (*work.models.values(), work.step, work.agent or "", work.task)
        said = next((self._script[name] for name in names if name in self._script), f"output of {work.step}")
        return self._end(work.step, "task", work.task, work.agent or "", said)

    def run_call(self, call: ModelCall) -> StepResult:
        """Answer a model call by the judge."""
        with self._lock:
            self.calls.append(call)
        return self._end(call.step, "judge_call", "", call.agent, self._judge(call))

    def pause(self, step: str, seconds: float) -> StepResult | None:
        """Note the wait and spend no time; `interrupted` is how a wait ends the step."""
        with self._lock:
            self.pauses.append((step, seconds))
        return self.interrupted

    def _end(
        self,
        step: str,
        kind: StepKind,
        task: str,
        agent: str,
        said: str | StepResult | list[str | StepResult],
    ) -> StepResult:
        with self._lock:
            attempt = self._attempts[step] = self._attempts.get(step, 0) + 1
        self._store.append(
            self._run_id, StepStarted(step=step, step_kind=kind, attempt=attempt, task=task, agent=agent)
        )
        result = said[min(attempt, len(said)) - 1] if isinstance(said, list) else said
        if isinstance(result, str):
            output = self._contents.put(self._run_id, result.encode())
            result = StepResult(outcome="done", output=output)
        told = result.model_dump(exclude={"card", "given_up"})
        self._store.append(self._run_id, StepFinished(step=step, attempt=attempt, seconds=0.0, **told))
        return result
