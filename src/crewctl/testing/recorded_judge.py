"""A judge that says again what real judges once said of recorded drafts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crewctl.judging.drafts import canonical
from crewctl.judging.notes import read_notes_prompt
from crewctl.judging.port import JudgeAnswer, JudgePrompt
from crewctl.judging.prompt import read_prompt
from crewctl.judging.protocol import TIE
from crewctl.testing.fake_judge import well_formed

_CLOSER = ".closer"


@dataclass(frozen=True)
class Recorded:
    """What is on record of one judge: `votes` by question and the drafts in the order shown.

    A vote is the winner's name, ``tie``, or ``""`` for an answer that could not be read. `closer` are
    the votes of a second prompt, for tie-breaks; without them the first prompt's are said again.
    """

    votes: Mapping[tuple[str, tuple[str, ...]], str]
    closer: Mapping[tuple[str, tuple[str, ...]], str] | None = None

    def of(self, question: str, order: tuple[str, ...], *, closer: bool) -> str:
        """Return the vote; KeyError when that order was never shown."""
        votes = self.closer if closer and self.closer is not None else self.votes
        return votes[question, order]


class RecordedJudge:
    """The JudgeModel port over recorded votes: it knows the drafts by what they say.

    `drafts` has the text of each draft by question and name; `judges` the records by the judges' names.
    `calls` counts the answers given.
    """

    def __init__(self, drafts: Mapping[tuple[str, str], str], judges: Mapping[str, Recorded]) -> None:
        self._judges = judges
        self._known: dict[str, dict[str, str]] = {}
        for (question, name), text in drafts.items():
            self._known.setdefault(canonical(text)[0], {})[question] = name
        self.calls = 0

    def answer(self, prompts: tuple[JudgePrompt, ...]) -> tuple[JudgeAnswer, ...]:
        """Answer every prompt by its judge's record; KeyError for drafts or orders without one."""
        self.calls += len(prompts)
        return tuple(JudgeAnswer(text=self._one(prompt)) for prompt in prompts)

    def _one(self, prompt: JudgePrompt) -> str:
        if (brief := read_notes_prompt(prompt.user)) is not None:
            return json.dumps({"canary": brief["canary"], "notes": "Not recorded."})
        asked = read_prompt(prompt.user)
        if asked is None:
            raise ValueError("this is not a judge's prompt")
        texts = [asked["drafts"][label] for label in asked["labels"]]
        question, names = self._recognised(texts)
        closer = prompt.key.removesuffix(".again").endswith(_CLOSER)
        vote = self._judges[prompt.judge].of(question, names, closer=closer)
        if not vote:
            return "an answer that nobody could read"
        won = None if vote == TIE else texts[names.index(vote)]
        answer = well_formed(prompt.user, lambda one, other: (one == won) - (other == won))
        return json.dumps(answer | {"rationale": "The recorded vote, without its reasons."})

    def _recognised(self, texts: Sequence[str]) -> tuple[str, tuple[str, ...]]:
        """Return the one question to which all the texts were written, and who wrote them."""
        known = [self._known[text] for text in texts]
        shared = set.intersection(*(set(questions) for questions in known))
        if len(shared) != 1:
            raise KeyError(f"{len(shared)} recorded questions have all of these drafts")
        question = shared.pop()
        return question, tuple(questions[question] for questions in known)
