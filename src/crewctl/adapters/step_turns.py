"""The model calls of one step: asked for, booked, answered, settled, and put into the account."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from crewctl.adapters.child_protocol import Ask, Granted, Settle
from crewctl.adapters.engine_state import EngineState
from crewctl.adapters.step_faults import StepFaults
from crewctl.audit.events import TurnGranted, TurnRefused, TurnTaken
from crewctl.planning.plan import PlannedModel
from crewctl.running.meter import Settlement
from crewctl.running.port import Grant, Refusal, Request, Wait

_REMEMBERED = 1_000
"""Waiting, and unanswered, asks remembered of one step: a child that goes on asking must not fill the parent's memory."""

CUT_SHORT = "the child ended before the call came back"


@dataclass(frozen=True)
class OpenTurn:
    """A granted call that has not come back."""

    ask: Ask
    model: PlannedModel | None
    since: float


class StepTurns:
    """Keeps the books of one step. A refused ask is never answered; see `drained`."""

    def __init__(self, state: EngineState, step: str, answer: Callable[[Granted], bool]) -> None:
        self._state = state
        self._run = state.run
        self._step = step
        self._answer = answer
        self.faults = StepFaults(state.run.breaker)
        self._open: dict[int, OpenTurn] = {}
        self._waiting: list[Ask] = []
        self._unanswered: list[Ask] = []

    @property
    def are_waiting(self) -> bool:
        """Whether an ask waits for others to settle."""
        return bool(self._waiting)

    @property
    def drained(self) -> bool:
        """Whether no call is open any more that could still come back.

        A call that encloses an unanswered ask cannot.
        """
        stuck = {grant for ask in (*self._unanswered, *self._waiting) for grant in ask.blocked}
        return not self._open.keys() - stuck

    def ask(self, ask: Ask) -> Refusal | None:
        """Answer an ask, let it wait, or return the refusal."""
        if len(self._waiting) >= _REMEMBERED:
            self.hold(ask)
            return None
        answer = self._run.meter.ask(self._request(ask))
        if isinstance(answer, Wait):
            self._waiting.append(ask)
        elif isinstance(answer, Refusal):
            self._unanswered.append(ask)
            self._state.record(TurnRefused(step=self._step, limit=answer.limit))
            return answer
        else:
            self._grant(ask, answer)
        return None

    def closed_until(self, ask: Ask) -> datetime | None:
        """Return until when the asked model's endpoint is left alone; such an ask is never answered."""
        until = self.faults.closed_until(self._model(ask.model))
        if until is not None:
            self.hold(ask)
        return until

    def ask_again(self) -> Refusal | None:
        """Put the asks that wait to the meter once more."""
        waiting, self._waiting = self._waiting, []
        refused = [refusal for ask in waiting if (refusal := self.ask(ask)) is not None]
        return refused[0] if refused else None

    def hold(self, ask: Ask) -> None:
        """Take an ask that will never be answered, because the step is at its end."""
        if len(self._unanswered) < _REMEMBERED:
            self._unanswered.append(ask.model_copy(update={"prompt": None}))

    def settle(self, said: Settle) -> Refusal | None:
        """Settle a call of this step; return the limit that its usage has burst, if any."""
        turn = self._open.pop(said.grant, None)
        if turn is None:  # settled twice, or never this step's: nothing to settle
            return None
        settlement = self._run.meter.settle(said.grant, said.prompt_tokens, said.completion_tokens)
        self.faults.heard(turn.ask.model, turn.model, said)
        self._state.record(
            self._taken(said.grant, turn, settlement).model_copy(
                update={
                    "prompt_tokens": said.prompt_tokens,
                    "completion_tokens": said.completion_tokens,
                    "seconds": said.seconds,
                    "error": said.error[:4_000],
                    "response": None if said.response is None else self._run.keep(said.response),
                }
            )
        )
        return settlement.tripped

    def abandon(self) -> None:
        """Settle what a dead child left open at its worst case."""
        for grant, turn in self._open.items():
            settlement = self._run.meter.settle(grant, None, None)
            self._state.record(self._taken(grant, turn, settlement))
        self._open = {}

    def _request(self, ask: Ask) -> Request:
        model = self._model(ask.model)
        # The plan's cap holds, whatever the child says; of its grants only open ones are its own.
        wanted = min(ask.output_tokens, model.max_output_tokens) if model else ask.output_tokens
        return Request(
            step=self._step,
            agent=ask.agent,
            model=ask.model,
            purpose=ask.purpose,
            prompt_tokens=ask.prompt_tokens,
            output_tokens=max(1, wanted),
            price=model.price if model else None,
            blocked=tuple(grant for grant in ask.blocked if grant in self._open),
        )

    def _grant(self, ask: Ask, grant: Grant) -> None:
        model = self._model(ask.model)
        self._open[grant.grant] = OpenTurn(ask, model, time.monotonic())
        prompt = None if ask.prompt is None else self._run.keep(json.dumps(ask.prompt, ensure_ascii=False))
        # In the account before the child hears of it: no call is made that nobody knows of.
        self._state.record(
            TurnGranted(
                step=self._step,
                grant=grant.grant,
                turn=grant.turn,
                agent=ask.agent,
                model=ask.model,
                purpose=ask.purpose,
                reserved_tokens=grant.reserved_tokens,
                reserved_cost=grant.reserved_cost,
                prompt=prompt,
            )
        )
        self._answer(Granted(id=ask.id, grant=grant.grant, output_cap=grant.output_cap))

    def _taken(self, grant: int, turn: OpenTurn, settlement: Settlement) -> TurnTaken:
        return TurnTaken(
            step=self._step,
            grant=grant,
            prompt_tokens=None,
            completion_tokens=None,
            cost=settlement.cost,
            seconds=time.monotonic() - turn.since,
            simulated=turn.model.simulated if turn.model else False,
            error=CUT_SHORT,
            over_reservation=settlement.over_reservation,
        )

    def _model(self, name: str) -> PlannedModel | None:
        """Return the planned model; None for one that is not in the plan, which then has no price."""
        return next((model for model in self._state.plan.models if model.name == name), None)
