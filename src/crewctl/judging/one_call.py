"""Ask models side by side: read each answer strictly, ask once more what could not be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from crewctl.judging.answers import Unreadable
from crewctl.judging.attempt import Attempt
from crewctl.judging.drafts import sha256
from crewctl.judging.port import JudgeAnswer, JudgeModel
from crewctl.judging.prompt import Asked

R = TypeVar("R")
Write = Callable[[str, str], Asked]
"""Makes a prompt from what to add to its key and from what was wrong before."""


@dataclass(frozen=True)
class Answered(Generic[R]):
    """What the calls came to: `found` is None when no answer could be read, and `attempts` say why."""

    asked: Asked
    found: R | None
    response_sha256: str | None
    attempts: tuple[Attempt, ...]


def ask_once(model: JudgeModel, write: Write, read: Callable[[str, Asked], R]) -> Answered[R]:
    """Ask one question, and once more if the answer could not be read."""
    (answered,) = ask_all(model, (write,), read)
    return answered


def ask_all(
    model: JudgeModel, writes: Sequence[Write], read: Callable[[str, Asked], R]
) -> tuple[Answered[R], ...]:
    """Ask every question side by side, then once more those whose answers could not be read.

    `read` raises Unreadable. A call that failed is not repeated: the engine has tried what it may.
    """
    answered = _hear(model, [write("", "") for write in writes], read, 1)
    unread = [
        place for place, one in enumerate(answered) if one.attempts[0].outcome not in ("ok", "call_failed")
    ]
    repairs = [writes[place](".again", answered[place].attempts[0].error) for place in unread]
    for place, second in zip(unread, _hear(model, repairs, read, 2), strict=True):
        attempts = answered[place].attempts + second.attempts
        answered[place] = Answered(second.asked, second.found, second.response_sha256, attempts)
    return tuple(answered)


def _hear(
    model: JudgeModel, asked: Sequence[Asked], read: Callable[[str, Asked], R], n: int
) -> list[Answered[R]]:
    answers = model.answer(tuple(each.prompt for each in asked)) if asked else ()
    return [_heard(one, answer, read, n) for one, answer in zip(asked, answers, strict=True)]


def _heard(asked: Asked, answer: JudgeAnswer, read: Callable[[str, Asked], R], n: int) -> Answered[R]:
    response = None if answer.text is None else sha256(answer.text)
    try:
        found = _read(answer, asked, read)
    except Unreadable as unreadable:
        outcome, problem = unreadable.outcome, unreadable.problem
        attempt = Attempt(n=n, outcome=outcome, error=problem, fallback=answer.fallback)
        return Answered(asked, None, response, (attempt,))
    return Answered(asked, found, response, (Attempt(n=n, outcome="ok", fallback=answer.fallback),))


def _read(answer: JudgeAnswer, asked: Asked, read: Callable[[str, Asked], R]) -> R:
    if answer.text is None:
        raise Unreadable("call_failed", answer.error or "the call failed")
    return read(answer.text, asked)
