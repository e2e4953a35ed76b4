"""The model `scripted` as CrewAI calls it: it says what its script says, for tests."""

from __future__ import annotations

import time
from typing import Any

from pydantic import PrivateAttr

from crewctl.adapters.crewai_purposes import SPEAKER, purpose_here
from crewctl.adapters.crewai_simulated_llm import SimulatedLLM
from crewctl.adapters.offline_follow import Caller, Follower, calls_of, error_of, text_of
from crewctl.adapters.offline_said import Said, said
from crewctl.catalogue.read_script import parse_script
from crewctl.planning.plan import PlannedModel


class ScriptedLLM(SimulatedLLM):
    """Follows the script from its first turn; each agent of each step has a script of its own."""

    llm_type: str = "scripted"
    plan_name: str = ""
    _follower: Follower = PrivateAttr()

    def __init__(self, name: str, planned: PlannedModel) -> None:
        """Take the script from the plan; InvalidError names a mistake in it with its line."""
        super().__init__(planned)
        self.plan_name = name
        self._follower = Follower(parse_script(planned.script or "", f"script of {name}"), name)

    def say(
        self,
        messages: list[dict[str, Any]],
        tools: list[dict[str, Any]],
        schema: dict[str, Any] | None,  # noqa: ARG002 - a script knows what it wants to say
        source: dict[str, Any],
    ) -> Said:
        """Give the next turn: wait, fail, call tools or answer."""
        turn = self._follower.next_turn(_caller(source))
        if turn.delay:
            time.sleep(turn.delay)
        error = error_of(turn)
        if error is not None:
            raise error
        calls = calls_of(turn)
        answer = said(messages, tools, "" if calls else text_of(turn), calls, self.most_tokens)
        if turn.usage is None:
            return answer
        return Said(answer.text, answer.calls, turn.usage.prompt, turn.usage.completion)

    def was_answered(self, source: dict[str, Any]) -> None:
        """Pass over the turn that the recording gave."""
        self._follower.next_turn(_caller(source))


def _caller(source: dict[str, Any]) -> Caller:
    speaker = SPEAKER.get()
    role = getattr(source["from_agent"], "role", None)
    names = {name for name in (speaker.agent if speaker else None, role) if name}
    task = getattr(source["from_task"], "name", None) or ""
    return Caller(frozenset(names), task, purpose_here(speaker.part if speaker else "agent"))
