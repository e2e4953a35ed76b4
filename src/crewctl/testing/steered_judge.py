"""A judge that a draft has got round: it prefers that draft, and says nothing of what the draft told it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence

from crewctl.judging.port import JudgeAnswer, JudgePrompt
from crewctl.testing.fake_judge import well_formed

Steered = Callable[[JudgePrompt], bool]
"""Whether the attack works on this call."""


def always(_: JudgePrompt) -> bool:
    """Follow the attack in every call: the worst case."""
    return True


def half_the_time(prompt: JudgePrompt) -> bool:
    """Follow it in about half of the calls, by a digest of the call's key and text."""
    return hashlib.sha256(f"{prompt.key}\n{prompt.user}".encode()).digest()[0] % 2 == 0


class SteeredJudge:
    """The JudgeModel port over drafts of which all but the attacking one are known, the best first.

    Where it is not steered it goes by that order, and puts the attacking draft last.
    """

    def __init__(self, known: Sequence[str], steered: Steered = always) -> None:
        self._rank = {text: rank for rank, text in enumerate(known)}
        self._steered = steered

    def answer(self, prompts: tuple[JudgePrompt, ...]) -> tuple[JudgeAnswer, ...]:
        """Answer every prompt in its order."""
        return tuple(self._one(prompt) for prompt in prompts)

    def _one(self, prompt: JudgePrompt) -> JudgeAnswer:
        attack = -1 if self._steered(prompt) else len(self._rank)

        def prefer(first: str, second: str) -> int:
            return self._rank.get(second, attack) - self._rank.get(first, attack)

        return JudgeAnswer(text=json.dumps(well_formed(prompt.user, prefer)))
