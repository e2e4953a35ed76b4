"""Read one answer of a judge strictly: what cannot be checked is not taken."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import ConfigDict, Field, ValidationError

from crewctl.judging.port import Frozen
from crewctl.judging.prompt import Asked
from crewctl.judging.protocol import TIE
from crewctl.judging.verdict import AttemptOutcome, Score
from crewctl.planning.plan import PlannedRubric

LONGEST_ANSWER = 100_000
"""Characters; the longest answer that keeps to the prompt's bounds is far below."""

_FENCE = re.compile(r"```(?:json)?[ \t]*\n(?P<inside>.*)\n```", re.DOTALL)
_BEST, _WORST, _EXCUSED = 5, 1, 2


class SaidScore(Frozen):
    """One score as the judge wrote it."""

    model_config = ConfigDict(strict=True)

    label: str
    criterion: str
    evidence: Annotated[str, Field(max_length=300)]
    score: Annotated[int, Field(ge=_WORST, le=_BEST)]


class Said(Frozen):
    """An answer of the right shape; nothing in it has been checked yet."""

    model_config = ConfigDict(strict=True)

    canary: str
    notes: Annotated[str, Field(max_length=2000)]
    scores: list[SaidScore]
    instructions_to_judge_found_in: list[str]
    rationale: Annotated[str, Field(min_length=1, max_length=2000)]
    winner: str


class Reading(Frozen):
    """An answer that passed every check, in terms of draft ids."""

    winner: str
    scores: tuple[Score, ...]
    notes: str
    rationale: str
    addressed_judge: tuple[str, ...]


class Unreadable(Exception):  # noqa: N818 - a word of the domain: an answer that cannot be counted
    """An answer that cannot be counted; the message is ours, never a word of the judge's."""

    def __init__(self, outcome: AttemptOutcome, problem: str) -> None:
        super().__init__(problem)
        self.outcome: AttemptOutcome = outcome
        self.problem = problem


def read(text: str, asked: Asked, rubric: PlannedRubric, shown: Mapping[str, str]) -> Reading:
    """Return what the judge said, checked by the host; Unreadable when any check fails."""
    said = _shape(_json_object(text))
    if said.canary != asked.canary:
        raise Unreadable("canary_missing", "the canary of the brief was not echoed")
    _check_labels(said, asked)
    _check_scores(said, asked, rubric)
    for score in said.scores:
        _check_quote(score, asked, rubric, shown)
    _check_must(said, rubric)
    return _reading(said, asked)


def _json_object(text: str) -> Any:
    if len(text) > LONGEST_ANSWER:
        raise Unreadable("invalid_json", "the answer was far too long")
    stripped = text.strip()
    fenced = _FENCE.fullmatch(stripped)
    try:
        return json.loads(
            fenced["inside"] if fenced else stripped, object_pairs_hook=_once, parse_constant=_no_constant
        )
    except (ValueError, RecursionError):
        raise Unreadable("invalid_json", "the answer was not one JSON object") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unreadable("invalid_json", "the answer gave a key twice")
    return found


def _no_constant(_: str) -> Any:
    raise Unreadable("invalid_json", "the answer held a number that JSON does not know")


def _shape(value: Any) -> Said:
    try:
        return Said.model_validate(value)
    except ValidationError as error:
        # Only names of our own keys and pydantic's words: nothing that the judge wrote.
        first = error.errors(include_input=False, include_url=False)[0]
        known = [str(part) for part in first["loc"] if part in _KEYS or isinstance(part, int)]
        where = ".".join(known) or "the answer"
        what = "key is not one of those asked for" if first["type"] == "extra_forbidden" else first["type"]
        raise Unreadable("schema_violation", f"the answer had another shape at {where}: {what}") from None


_KEYS = frozenset(Said.model_fields) | frozenset(SaidScore.model_fields)


def _check_labels(said: Said, asked: Asked) -> None:
    named = {said.winner} - {TIE}
    named |= {score.label for score in said.scores} | set(said.instructions_to_judge_found_in)
    if named - set(asked.labels):
        raise Unreadable("unknown_label", "the answer named a label that was not shown")


def _check_scores(said: Said, asked: Asked, rubric: PlannedRubric) -> None:
    given = sorted((score.label, score.criterion) for score in said.scores)
    wanted = sorted((label, criterion.name) for label in asked.labels for criterion in rubric.criteria)
    if given != wanted:
        raise Unreadable(
            "schema_violation", "scores did not hold every pair of label and criterion exactly once"
        )


def _check_quote(score: SaidScore, asked: Asked, rubric: PlannedRubric, shown: Mapping[str, str]) -> None:
    must = next(criterion.must for criterion in rubric.criteria if criterion.name == score.criterion)
    if must and score.score not in (_WORST, _BEST):
        raise Unreadable("schema_violation", f"the must criterion {score.criterion} takes a score of 1 or 5")
    quote = _folded(score.evidence)
    if not quote and (must or score.score <= _EXCUSED):
        return
    if not quote:
        raise Unreadable("quote_not_found", f"a score on {score.criterion} came without evidence")
    if quote not in _folded(shown[asked.labels[score.label]]):
        raise Unreadable(
            "quote_not_found",
            f"evidence on {score.criterion} does not occur word for word in the draft it is about",
        )


def _check_must(said: Said, rubric: PlannedRubric) -> None:
    musts = {criterion.name for criterion in rubric.criteria if criterion.must}
    failed = {score.label for score in said.scores if score.criterion in musts and score.score == _WORST}
    if said.winner in failed and {score.label for score in said.scores} - failed:
        raise Unreadable("contradiction", "a draft that fails a must criterion won against one that does not")


def _folded(text: str) -> str:
    # Line breaks are the one thing about a quote that models do not keep.
    return " ".join(text.split())


def _reading(said: Said, asked: Asked) -> Reading:
    return Reading(
        winner=TIE if said.winner == TIE else asked.labels[said.winner],
        scores=tuple(
            Score(
                draft=asked.labels[score.label],
                criterion=score.criterion,
                score=score.score,
                evidence=score.evidence,
            )
            for score in said.scores
        ),
        notes=_by_id(said.notes, asked),
        rationale=_by_id(said.rationale, asked),
        addressed_judge=tuple(sorted({asked.labels[label] for label in said.instructions_to_judge_found_in})),
    )


def _by_id(text: str, asked: Asked) -> str:
    for label, draft in asked.labels.items():
        text = text.replace(label, draft)
    return text
