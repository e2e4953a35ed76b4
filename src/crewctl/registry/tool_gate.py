"""Decides on each call of a gated tool: by what earlier attempts did, by the plan, and by people's answers."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import takewhile

from crewctl.audit.exchange_digest import tool_digest
from crewctl.audit.tool_calls import FAILED, CallFold, CallState
from crewctl.errors import NotFoundError
from crewctl.planning.plan import Plan, PlannedTool
from crewctl.registry.call_cards import CallCards
from crewctl.running.cards import Desk
from crewctl.running.port import HoldTool, RefuseTool, RunTool, ToolCall

Decision = RunTool | RefuseTool | HoldTool


@dataclass
class _Attempt:
    """What was decided on in one attempt at a step: how often each call was let through, and which were met."""

    made: Counter[str] = field(default_factory=Counter)
    met: set[str] = field(default_factory=set)


class PlannedToolGate:
    """The ToolGate of one run.

    A call is known by its step, its tool, its arguments and how often these were called before in the
    attempt: so attempts that call side by side, in whatever order, find what belongs to the same call.
    """

    def __init__(self, plan: Plan, desk: Desk) -> None:
        self._tools = {tool.name: tool for tool in plan.tools}
        self._desk = desk
        self._lock = threading.Lock()
        self._fold = CallFold()
        self._attempts: defaultdict[tuple[str, int], _Attempt] = defaultdict(_Attempt)

    def decide(self, call: ToolCall) -> Decision:
        """Decide; a card that has to be answered is in the account when this returns."""
        tool = self._tools.get(call.tool)
        if tool is None:
            return RefuseTool(said=f"The tool was not called: the plan names no tool {call.tool!r}.")
        before = self._before(call)
        attempt = self._attempts[call.step, call.attempt]
        named = _name(call)
        place, key = self._place(call, attempt.made[named] + self._given_again(call, before) + 1)
        cards = CallCards(self._desk, call, tool, place, key, self._fold.task(call.step))
        decision = self._decided(cards, tool, before, attempt.met)
        if not isinstance(decision, HoldTool):
            attempt.met.add(key)
            if isinstance(decision, RunTool) or decision.of_attempt is not None:
                attempt.made[named] += 1
        return decision

    def _place(self, call: ToolCall, number: int) -> tuple[str, str]:
        """Return the place in the run and the key of the call that is the `number`th with these arguments."""
        place = f"{call.step}/{call.tool}/{_name(call)}/{number}"
        return place, hashlib.sha256(f"{self._desk.run_id}\n{place}".encode()).hexdigest()[:32]

    def _given_again(self, call: ToolCall, before: dict[str, CallState]) -> int:
        """Return how many such calls were made earlier that a recording answered: their yeses are used up.

        The recorded refusal of a call that was never made uses up nothing.
        """
        again = self._fold.replayed(call.step, call.attempt, tool_digest(call.tool, call.arguments))
        made = takewhile(lambda number: self._place(call, number)[1] in before, range(1, again + 1))
        return sum(1 for _ in made)

    def _decided(
        self, cards: CallCards, tool: PlannedTool, before: dict[str, CallState], met: set[str]
    ) -> Decision:
        """Let what was done count first, then the plan."""
        if tool.effect:
            known = before.get(cards.key)
            if known is not None:
                return self._known(cards, known)
            others = [
                state for key, state in before.items() if state.started.tool == tool.name and key not in met
            ]
            # Of calls made side by side an approved one may come before those that it was held with.
            if others and not cards.is_answered():
                return cards.after_others(others)
        if tool.calls == "ask":
            return cards.ask()
        return RunTool(arguments=cards.call.arguments, key=cards.key)

    def _known(self, cards: CallCards, known: CallState) -> Decision:
        """Return what the very same call came to in an earlier attempt; a person must say where nobody knows."""
        attempt, finished = known.started.attempt, known.finished
        if finished is None:
            return cards.may_have_happened(known)
        if finished.error or finished.result is None:
            return RefuseTool(said=FAILED + finished.error, of_attempt=attempt, failed=True)
        try:
            result = self._desk.contents.get(finished.result)
        except NotFoundError:
            return cards.may_have_happened(known)
        return RefuseTool(said=result.decode("utf-8", "replace"), of_attempt=attempt)

    def _before(self, call: ToolCall) -> dict[str, CallState]:
        with self._lock:
            self._fold.add(self._desk.store.events_of(self._desk.run_id, after=self._fold.seq))
            return self._fold.before(call.step, call.attempt)


def _name(call: ToolCall) -> str:
    said = f"{call.tool}\n{call.arguments}".encode("utf-8", "replace")
    return hashlib.sha256(said).hexdigest()[:24]
