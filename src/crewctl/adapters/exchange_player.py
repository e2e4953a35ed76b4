"""Gives recorded answers to the questions that they were given to, each once and in their order."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass

from crewctl.adapters.exchange_recording import RecordedAnswer, Recording, Via
from crewctl.audit.events_recorded import ExchangeKind


@dataclass(frozen=True)
class Asked:
    """A question that is about to be asked; `number` counts within the child."""

    number: int
    what: ExchangeKind
    via: Via
    sha256: str
    agent: str
    model: str = ""
    talk: str = ""
    inside: int | None = None


@dataclass(frozen=True)
class Departure:
    """A question that was never recorded; `expected` is what was recorded at its place, None at the end."""

    expected: RecordedAnswer | None


class Player:
    """Plays one recording. Questions asked side by side may come in any order: they go by their digest.

    Once the questions have departed from the recording nothing of it is given any more.
    """

    def __init__(self, recording: Recording) -> None:
        self.of_run = recording.of_run
        self.free = recording.free
        self.strict = recording.strict
        self.cut_off = recording.cut_off
        self._models = recording.models
        self._tools = recording.tools
        self._left = {(one.attempt, one.number): one for one in recording.answers}
        self._known: defaultdict[str, deque[RecordedAnswer]] = defaultdict(deque)
        self._talks = {one.talk for one in recording.answers}
        for one in recording.answers:
            self._known[one.asked_sha256].append(one)
        self._last: dict[str, RecordedAnswer] = {}
        self._over = False

    def is_for(self, what: ExchangeKind, model: str) -> bool:
        """Say whether this recording may answer such a question."""
        if self._over:
            return False
        return self._tools if what == "tool" else self._models is None or model in self._models

    def awaits(self, model: str, via: Via) -> bool:
        """Say whether answers for `model` that were had in this way are left."""
        return self.is_for("model", model) and any(
            one.model == model and one.via == via for one in self._left.values()
        )

    def take(self, asked: Asked) -> RecordedAnswer | Departure | None:
        """Return the answer, what a departure is from, or None where the recording says nothing of it."""
        waiting = self._known[asked.sha256]
        while waiting:
            answer = waiting.popleft()
            if self._left.pop((answer.attempt, answer.number), None) is not None:
                self._drop_inside(answer)
                self._last[asked.sha256] = answer
                return answer
        if self.strict and asked.what == "tool" and asked.sha256 in self._last:
            # CrewAI had the result in its cache then, by a rule of the tool's own.
            return self._last[asked.sha256]
        return self._departure(asked)

    def _drop_inside(self, tool: RecordedAnswer) -> None:
        """Expect no question that a tool asked which is not called now."""
        if tool.what == "tool":
            inside = [
                key for key, one in self._left.items() if key[0] == tool.attempt and one.inside == tool.number
            ]
            for key in inside:
                del self._left[key]

    def _departure(self, asked: Asked) -> Departure | None:
        expected = self._expected(asked)
        if self.strict:
            return Departure(expected)
        if asked.what == "tool" or expected is None:
            # A tool's call follows from answers: one that is not recorded was never made.
            return None
        self._over = True
        return Departure(expected)

    def _expected(self, asked: Asked) -> RecordedAnswer | None:
        """Return what was recorded at this place: in this conversation, or, of a new one, by this agent."""
        alike = [one for one in self._left.values() if one.what == asked.what and one.inside == asked.inside]
        if asked.what == "model" and asked.talk in self._talks:
            return next((one for one in alike if one.talk == asked.talk), None)
        return next((one for one in alike if one.agent == asked.agent), None)
