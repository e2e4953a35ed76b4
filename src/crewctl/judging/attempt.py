"""The calls that a verdict rests on, and the forms that every part of a verdict shares."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from crewctl.judging.port import FallbackModel, Frozen

DraftId = Annotated[str, Field(pattern=r"^D[1-9][0-9]?$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
LONGEST_NOTES = 2000
"""Characters of a judge's notes; it is asked for fewer."""
AttemptOutcome = Literal[
    "ok",
    "call_failed",
    "invalid_json",
    "schema_violation",
    "canary_missing",
    "unknown_label",
    "quote_not_found",
    "contradiction",
]


def _is_none(value: object) -> bool:
    return value is None


class Attempt(Frozen):
    """One call of a pass; `error` says what was wrong with its answer.

    `fallback` names the model that was asked, where it was not the judge's own.
    """

    n: Annotated[int, Field(ge=1, le=2)]
    outcome: AttemptOutcome
    error: str = ""
    # Left out where there is none, so that verdicts from before it was told keep their digests.
    fallback: Annotated[FallbackModel | None, Field(exclude_if=_is_none)] = None


class Notes(Frozen):
    """What a judge noted before any draft was shown; an empty `text` means that it could not be read."""

    judge: str
    text: Annotated[str, Field(max_length=LONGEST_NOTES)]
    prompt_sha256: Digest
    response_sha256: Digest | None
    attempts: Annotated[tuple[Attempt, ...], Field(min_length=1, max_length=2)]
