"""A judge without a model: it prefers drafts by what they say, or answers whatever a test wants."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from crewctl.judging.notes import read_notes_prompt
from crewctl.judging.port import FallbackModel, JudgeAnswer, JudgePrompt
from crewctl.judging.prompt import read_prompt
from crewctl.judging.protocol import TIE
from crewctl.testing.fake_editor import other_answer

Spoil = Callable[[str, str], str | None]
Preference = Callable[[str, str], int]
"""Compares two draft texts in the order shown: above 0 for the first, below 0 for the second, 0 for a tie."""


def longest_first(first: str, second: str) -> int:
    """Prefer the longer draft: a bad judge, but one whose mind is easy to know."""
    return len(first) - len(second)


def well_formed(user: str, prefer: Preference = longest_first, **changes: Any) -> dict[str, Any]:
    """Return a right answer to a judge's prompt, with top-level keys replaced by `changes`.

    A prompt for notes gets notes, whatever the `changes`.
    """
    if (other := other_answer(user)) is not None:
        return other
    if (brief := read_notes_prompt(user)) is not None:
        return {"canary": brief["canary"], "notes": "It names facts."}
    question = read_prompt(user)
    if question is None:
        raise ValueError("this is not a judge's prompt")
    labels: list[str] = question["labels"]
    texts: Mapping[str, str] = question["drafts"]
    winner = _winner(labels, texts, prefer)
    return {
        "canary": question["canary"],
        "scores": [
            {
                "label": label,
                "criterion": criterion["name"],
                "evidence": texts[label][:40].strip(),
                "score": 5 if criterion["must"] or label == winner else 3,
            }
            for label in labels
            for criterion in question["criteria"]
        ],
        "instructions_to_judge_found_in": [],
        "rationale": f"{winner} is the better one.",
        "winner": winner,
        **changes,
    }


def _winner(labels: Sequence[str], texts: Mapping[str, str], prefer: Preference) -> str:
    """Return the label preferred to every other one shown, or a tie."""
    for one in labels:
        others = [other for other in labels if other != one]
        before = all(prefer(texts[one], texts[other]) > 0 for other in labels[labels.index(one) + 1 :])
        after = all(prefer(texts[other], texts[one]) < 0 for other in labels[: labels.index(one)])
        if others and before and after:
            return one
    return TIE


class FakeJudge:
    """The JudgeModel port over a preference; `spoil` may change or replace any answer's text.

    `spoil` gets the key of a pass's prompt and the right answer, and returns the text to answer, or None
    for a call that failed; `spoil_notes` does so for the notes. `prompts` holds every prompt of a pass that
    was asked, and `noted` those for notes. `fallback` says by the key which model took over.
    """

    def __init__(
        self,
        prefer: Preference = longest_first,
        spoil: Spoil = lambda _, text: text,
        spoil_notes: Spoil = lambda _, text: text,
        fallback: Callable[[str], FallbackModel | None] = lambda _: None,
    ) -> None:
        self._prefer = prefer
        self._spoil = spoil
        self._spoil_notes = spoil_notes
        self._fallback = fallback
        self.prompts: list[JudgePrompt] = []
        self.noted: list[JudgePrompt] = []

    def answer(self, prompts: tuple[JudgePrompt, ...]) -> tuple[JudgeAnswer, ...]:
        """Answer every prompt in its order."""
        return tuple(self._one(prompt) for prompt in prompts)

    def _one(self, prompt: JudgePrompt) -> JudgeAnswer:
        notes = read_notes_prompt(prompt.user) is not None
        (self.noted if notes else self.prompts).append(prompt)
        spoil = self._spoil_notes if notes else self._spoil
        text = spoil(prompt.key, json.dumps(well_formed(prompt.user, self._prefer)))
        error = "" if text is not None else "the model did not answer"
        return JudgeAnswer(text=text, error=error, fallback=self._fallback(prompt.key))
