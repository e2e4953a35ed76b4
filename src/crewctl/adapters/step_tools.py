"""The gated tool calls of one step: decided on, put into the account before they are made, and waited for."""

from __future__ import annotations

from collections.abc import Callable

from crewctl.adapters.child_protocol import ToolAnswer, ToolAsk, ToolFinished, ToolGranted, ToolRefused
from crewctl.adapters.engine_state import EngineState
from crewctl.audit.events import ToolCallStarted
from crewctl.audit.events_tools import ToolCallWithheld
from crewctl.planning.plan import PlannedTool
from crewctl.running.breaker import tool_target
from crewctl.running.port import HoldTool, RefuseTool, RunTool, ToolCall


class StepTools:
    """Answers a child's `ToolAsk`s by the word of the run's gate."""

    def __init__(
        self, state: EngineState, step: str, attempt: int, answer: Callable[[ToolAnswer], bool]
    ) -> None:
        self._state = state
        self._run = state.run
        self._step = step
        self._attempt = attempt
        self._answer = answer
        self._open: dict[int, str] = {}

    @property
    def are_open(self) -> bool:
        """Whether a call is being made of which it is not known yet how it ends."""
        return bool(self._open)

    def ask(self, ask: ToolAsk) -> str | None:
        """Answer an ask, or return the card that a person must answer first."""
        decision = self._decide(ask)
        if isinstance(decision, HoldTool):
            return decision.card
        if isinstance(decision, RefuseTool):
            self._refuse(ask, decision)
        else:
            self._let(ask, decision)
        return None

    def put(self, ask: ToolAsk) -> None:
        """Open the card that this ask needs, if any: the child is at its end and gets no answer."""
        self._decide(ask)

    def finished(self, said: ToolFinished) -> None:
        """Note that a call has come back; a tool that keeps failing is left alone."""
        tool = self._open.pop(said.call, None)
        if tool is None or self._run.breaker is None or said.misfit:
            return  # arguments that do not fit are the model's mistake, and tell nothing of the tool
        note = self._run.breaker.failed if said.error else self._run.breaker.worked
        note(tool_target(tool))

    def may_start(self, tool: str) -> bool:
        """Tell whether a call of this tool may be told of without having been asked for."""
        planned = self._planned(tool)
        return planned is None or not planned.gated

    def _decide(self, ask: ToolAsk) -> RunTool | RefuseTool | HoldTool:
        decision = self._by_gate(ask)
        if self._run.breaker is None or not isinstance(decision, RunTool):
            return decision
        # Only what would be made: what is known already, or held, does not touch the tool.
        return self._run.breaker.refusal_of(ask.tool) or decision

    def _by_gate(self, ask: ToolAsk) -> RunTool | RefuseTool | HoldTool:
        if self._run.tools is None:
            return RunTool(arguments=ask.arguments, key="")
        planned = self._planned(ask.tool)
        return self._run.tools.decide(
            ToolCall(
                step=self._step,
                attempt=self._attempt,
                call=ask.call,
                agent=ask.agent,
                tool=ask.tool,
                arguments=ask.arguments,
                tags=planned.tags if planned else (),
            )
        )

    def _let(self, ask: ToolAsk, decision: RunTool) -> None:
        planned = self._planned(ask.tool)
        # In the account before the child hears of it: what has an effect is known to have begun.
        self._state.record(
            ToolCallStarted(
                step=self._step,
                call=ask.call,
                agent=ask.agent,
                tool=ask.tool,
                arguments=self._run.keep(decision.arguments),
                attempt=self._attempt,
                effect=planned.effect if planned else False,
                card=decision.card,
                key=decision.key,
            )
        )
        self._open[ask.call] = ask.tool
        self._answer(ToolGranted(id=ask.id, arguments=decision.arguments, key=decision.key))

    def _refuse(self, ask: ToolAsk, decision: RefuseTool) -> None:
        known = decision.of_attempt is not None and not decision.failed
        self._state.record(
            ToolCallWithheld(
                step=self._step,
                call=ask.call,
                agent=ask.agent,
                tool=ask.tool,
                attempt=self._attempt,
                said=self._run.keep(decision.said),
                of_attempt=decision.of_attempt,
                card=decision.card,
            )
        )
        self._answer(ToolRefused(id=ask.id, said=decision.said, known=known))

    def _planned(self, name: str) -> PlannedTool | None:
        return next((tool for tool in self._state.plan.tools if tool.name == name), None)
