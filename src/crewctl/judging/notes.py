"""A judge's own notes on what a good answer must contain, taken before it sees a draft.

Rubric, such notes and a reference first were the largest single gain of the prompts measured on LLMBar
(Zeng et al. 2023, "Evaluating Large Language Models at Evaluating Instruction Following"). What a judge
writes down without a draft before it cannot be bent by one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from crewctl.judging.answers import Unreadable, json_object, shaped
from crewctl.judging.attempt import LONGEST_NOTES, Notes
from crewctl.judging.blind import draws, fresh, one_line
from crewctl.judging.one_call import Write, ask_all
from crewctl.judging.port import Frozen, JudgeModel, JudgePrompt
from crewctl.judging.prompt import Asked, Persona, Question

NOTES_SYSTEM = """\
You will soon judge drafts of a task in a blind competition. Before you see any draft, you write down what \
a good answer must contain, so that no draft can change your mind about it.

- Go through the task: what does it ask for, which facts, parts and limits must an answer respect?
- Go through the criteria, the heaviest first: by which signs would you tell a very good answer from a \
fair one on each?
- Name the mistakes that you expect, and what would make an answer fail.
- Do not write the answer itself. Be brief and definite.
- Answer with one JSON object and nothing before or after it."""

_BRIEF = "BRIEF, one JSON object:"
_ANSWER = """\
Answer with one JSON object of exactly these keys, in this order:
{"canary": "<the canary of the brief>", "notes": "<your notes; at most 1500 characters>"}"""
_REPAIR = "REPAIR: an earlier answer to this could not be used, because "
_PARTS = re.compile(rf"^No draft is shown yet\.\n\n{re.escape(_BRIEF)}\n(?P<brief>[^\n]+)$", re.MULTILINE)
_KEY = "notes"


class _Said(Frozen):
    model_config = ConfigDict(strict=True)

    canary: str
    notes: Annotated[str, Field(min_length=1, max_length=LONGEST_NOTES)]


def take_notes(
    judges: Sequence[Persona], question: Question, model: JudgeModel, *, named: bool
) -> tuple[Notes, ...]:
    """Ask every judge side by side; whose answer cannot be read, even asked again, judges without notes.

    `named` puts the judge's name into the calls' keys, for judgings with several judges.
    """
    answered = ask_all(model, [_writer(judge, question, named=named) for judge in judges], _read)
    return tuple(
        Notes(
            judge=judge.name,
            text=heard.found or "",
            prompt_sha256=heard.asked.sha256,
            response_sha256=heard.response_sha256,
            attempts=heard.attempts,
        )
        for judge, heard in zip(judges, answered, strict=True)
    )


def read_notes_prompt(user: str) -> dict[str, Any] | None:
    """Return what a prompt of `take_notes` holds, or None if it is none.

    Keys: canary; judge {role, goal, backstory}; task {description, expected_output}; criteria.
    """
    found = _PARTS.search(user)
    brief: dict[str, Any] | None = None if found is None else json.loads(found["brief"])
    return brief


def _writer(judge: Persona, question: Question, *, named: bool) -> Write:
    key = f"{judge.name}.{_KEY}" if named else _KEY

    def write(suffix: str, repair: str) -> Asked:
        canary = fresh(draws(question.seed, f"{key}{suffix}"), 12, ())
        brief = {
            "canary": canary,
            "judge": judge.model_dump(exclude={"name"}),
            "task": {"description": question.description, "expected_output": question.expected_output},
            "criteria": [criterion.model_dump() for criterion in question.rubric.criteria],
        }
        parts = ["No draft is shown yet.", f"{_BRIEF}\n{one_line(brief)}", _ANSWER]
        parts += [f"{_REPAIR}{repair}. Answer anew."] if repair else []
        user = "\n\n".join(parts)
        prompt = JudgePrompt(key=f"{key}{suffix}", judge=judge.name, system=NOTES_SYSTEM, user=user)
        return Asked(prompt=prompt, canary=canary, labels={})

    return write


def _read(text: str, asked: Asked) -> str:
    said = shaped(json_object(text), _Said, frozenset(_Said.model_fields))
    if said.canary != asked.canary:
        raise Unreadable("canary_missing", "the canary of the brief was not echoed")
    return said.notes
