"""Follow a script: which turn answers the next call, and what is left."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass

from crewctl.adapters.offline_said import Call
from crewctl.catalogue.specs.script_spec import ForWhom, Script, Turn


@dataclass(frozen=True)
class Caller:
    """Who calls: the agent by its name and by its role, the task, and what for."""

    agents: frozenset[str] = frozenset()
    task: str = ""
    purpose: str = "agent"

    def __str__(self) -> str:
        return (
            f"agent {'/'.join(sorted(self.agents)) or '?'}, task {self.task or '?'}, purpose {self.purpose}"
        )


class ScriptedError(Exception):
    """A failure that the script asks for; `status_code` is what a provider would have answered."""

    def __init__(self, message: str, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status_code = status
        self.response = _Response({} if retry_after is None else {"retry-after": f"{retry_after:g}"})


@dataclass(frozen=True)
class _Response:
    """As much of an HTTP response as whoever waits before a retry looks at."""

    headers: dict[str, str]


class ScriptEndedError(Exception):
    """The script has no turn left for a call."""


class Follower:
    """Gives each call the first turn that is for it and not used up. Safe from several threads."""

    def __init__(self, script: Script, name: str) -> None:
        self._script = script
        self._name = name
        self._used = [0] * len(script.turns)
        self._lock = threading.Lock()

    def next_turn(self, caller: Caller) -> Turn:
        """Return the turn that answers this call; ScriptEndedError when there is none."""
        with self._lock:
            for number, turn in enumerate(self._script.turns):
                left = turn.times == 0 or self._used[number] < turn.times
                if left and _fits(turn.whom, caller):
                    self._used[number] += 1
                    return turn
            raise ScriptEndedError(
                f"the script of model {self._name!r} has no turn left for call {sum(self._used) + 1} ({caller}); "
                "add a turn, or give one times: 0 to repeat it for ever"
            )


def text_of(turn: Turn) -> str:
    """Return what the turn says, JSON written out."""
    return turn.answer if turn.answer is not None else json.dumps(turn.data, ensure_ascii=False)


def calls_of(turn: Turn) -> tuple[Call, ...]:
    """Return the tool calls that the turn makes."""
    return tuple(Call(call.tool, call.arguments) for call in turn.calls or ())


def error_of(turn: Turn) -> Exception | None:
    """Return the failure that the turn asks for."""
    if turn.error is None:
        return None
    if turn.error == "timeout":
        return TimeoutError("the script lets this call time out")
    if turn.error == "connection":
        return ConnectionError("the script breaks the connection of this call")
    if isinstance(turn.error, int):
        return ScriptedError(f"the script answers {turn.error}", turn.error, turn.retry_after)
    return ScriptedError(turn.error)


def _fits(whom: ForWhom, caller: Caller) -> bool:
    return (
        whom.agent in {None, *caller.agents}
        and whom.task in {None, caller.task}
        and whom.purpose in {None, caller.purpose}
    )
