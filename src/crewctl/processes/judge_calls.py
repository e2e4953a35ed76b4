"""The plan's judges and its editor, asked through the engine: every call is one metered, journalled step."""

from __future__ import annotations

from functools import partial

from crewctl.judging.port import FallbackModel, JudgeAnswer, JudgePrompt
from crewctl.planning.faults import stands_for
from crewctl.planning.plan import Plan
from crewctl.processes.attempts import asked
from crewctl.processes.outcome import ProcessEnded, outcome_of
from crewctl.processes.outputs import text_of
from crewctl.processes.rooms import ProcessRooms
from crewctl.processes.tries import Tries, TriesBook
from crewctl.running.port import Message, ModelCall, StepResult, Steps


class EngineJudge:
    """Asks each judge's model, and the editor's; a limit or a stop raises ProcessEnded."""

    def __init__(self, plan: Plan, rooms: ProcessRooms, steps: Steps) -> None:
        self._plan = plan
        self._rooms = rooms
        self._steps = steps

    def answer(self, prompts: tuple[JudgePrompt, ...]) -> tuple[JudgeAnswer, ...]:
        """Make every call side by side; a call that failed is an answer without text."""
        calls = [self._call(prompt) for prompt in prompts]
        results = self._steps.do_all(
            {call.step: partial(asked, self._plan, self._rooms, call) for call in calls}, StepResult
        )
        book = self._rooms.tries or TriesBook(self._rooms.store, self._rooms.run_id)
        return tuple(self._answer(call.agent, results[call.step], book.of(call.step)) for call in calls)

    def _call(self, prompt: JudgePrompt) -> ModelCall:
        return ModelCall(
            step=f"{prompt.purpose}.{prompt.key}",
            agent=prompt.judge,
            model=self._plan.agent(prompt.judge).model,
            purpose=prompt.purpose,
            messages=(
                Message(role="system", content=prompt.system),
                Message(role="user", content=prompt.user),
            ),
        )

    def _answer(self, judge: str, result: StepResult, tries: Tries) -> JudgeAnswer:
        end = outcome_of(judge, result)
        fallback = fallback_of(self._plan, judge, tries)
        if end is None:
            text = text_of(self._rooms.contents, result.output)
            return JudgeAnswer(text=text, fallback=fallback)
        if end.how == "failed":
            return JudgeAnswer(text=None, error=result.error or result.outcome, fallback=fallback)
        raise ProcessEnded(end)


def fallback_of(plan: Plan, judge: str, tries: Tries) -> FallbackModel | None:
    """Return the model that was asked for a judge when its own kept failing; None where it did not."""
    own = plan.agent(judge).model
    asked_last = stands_for(own, tries.models)
    if asked_last == own:
        return None
    model = plan.model(asked_last)
    return FallbackModel(model=model.model, simulated=model.simulated)
