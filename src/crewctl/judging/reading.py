"""Read one answer of a judge strictly: what cannot be checked is not taken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import ConfigDict, Field

from crewctl.judging.answers import Unreadable, flat, json_object, occurs, shaped
from crewctl.judging.port import Frozen
from crewctl.judging.prompt import Asked
from crewctl.judging.protocol import TIE
from crewctl.judging.verdict import Score
from crewctl.planning.plan import PlannedRubric

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
    scores: list[SaidScore]
    instructions_to_judge_found_in: list[str]
    rationale: Annotated[str, Field(min_length=1, max_length=2000)]
    winner: str


class Reading(Frozen):
    """An answer that passed every check, in terms of draft ids."""

    winner: str
    scores: tuple[Score, ...]
    rationale: str
    addressed_judge: tuple[str, ...]


def read(text: str, asked: Asked, rubric: PlannedRubric, shown: Mapping[str, str]) -> Reading:
    """Return what the judge said, checked by the host; Unreadable when any check fails."""
    said = shaped(json_object(text), Said, _KEYS)
    if said.canary != asked.canary:
        raise Unreadable("canary_missing", "the canary of the brief was not echoed")
    _check_labels(said, asked)
    _check_scores(said, asked, rubric)
    for score in said.scores:
        _check_quote(score, asked, rubric, shown)
    _check_must(said, rubric)
    return _reading(said, asked)


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
    quote = flat(score.evidence)
    if not quote and (must or score.score <= _EXCUSED):
        return
    if not quote:
        raise Unreadable("quote_not_found", f"a score on {score.criterion} came without evidence")
    if not occurs(quote, shown[asked.labels[score.label]]):
        raise Unreadable(
            "quote_not_found",
            f"evidence on {score.criterion} does not occur word for word in the draft it is about",
        )


def _check_must(said: Said, rubric: PlannedRubric) -> None:
    musts = {criterion.name for criterion in rubric.criteria if criterion.must}
    failed = {score.label for score in said.scores if score.criterion in musts and score.score == _WORST}
    if said.winner in failed and {score.label for score in said.scores} - failed:
        raise Unreadable("contradiction", "a draft that fails a must criterion won against one that does not")


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
        rationale=_by_id(said.rationale, asked),
        addressed_judge=tuple(sorted({asked.labels[label] for label in said.instructions_to_judge_found_in})),
    )


def _by_id(text: str, asked: Asked) -> str:
    for label, draft in asked.labels.items():
        text = text.replace(label, draft)
    return text
