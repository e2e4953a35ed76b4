"""The plan's judge, asked through the engine: every call is one metered, journalled step."""

from __future__ import annotations

from functools import partial

from crewctl.judging.port import JudgeAnswer, JudgePrompt
from crewctl.planning.plan import Plan, PlannedMarket
from crewctl.processes.outcome import ProcessEnded, outcome_of
from crewctl.processes.outputs import text_of
from crewctl.processes.rooms import ProcessRooms
from crewctl.running.port import Message, ModelCall, StepResult, Steps


class EngineJudge:
    """Asks the judge's model; a limit or a stop raises ProcessEnded."""

    def __init__(self, plan: Plan, market: PlannedMarket, rooms: ProcessRooms, steps: Steps) -> None:
        self._plan = plan
        self._market = market
        self._rooms = rooms
        self._steps = steps

    def answer(self, prompts: tuple[JudgePrompt, ...]) -> tuple[JudgeAnswer, ...]:
        """Make every call side by side; a call that failed is an answer without text."""
        calls = [self._call(prompt) for prompt in prompts]
        results = self._steps.do_all(
            {call.step: partial(self._rooms.engine.run_call, call) for call in calls}, StepResult
        )
        return tuple(self._answer(results[call.step]) for call in calls)

    def _call(self, prompt: JudgePrompt) -> ModelCall:
        return ModelCall(
            step=f"judge.{prompt.key}",
            agent=self._market.judge,
            model=self._plan.agent(self._market.judge).model,
            purpose="judge",
            messages=(
                Message(role="system", content=prompt.system),
                Message(role="user", content=prompt.user),
            ),
        )

    def _answer(self, result: StepResult) -> JudgeAnswer:
        end = outcome_of(self._market.judge, result)
        if end is None:
            return JudgeAnswer(text=text_of(self._rooms.contents, result.output))
        if end.how == "failed":
            return JudgeAnswer(text=None, error=result.error or result.outcome)
        raise ProcessEnded(end)
