"""Read one JSON object out of what a model answered, strictly: what cannot be checked is not taken."""

from __future__ import annotations

import json
import re
from typing import Any, TypeVar

from pydantic import ValidationError

from crewctl.judging.attempt import AttemptOutcome
from crewctl.judging.port import Frozen

LONGEST_ANSWER = 100_000
"""Characters; the longest answer that keeps to the judge's bounds is far below."""

_FENCE = re.compile(r"```(?:json)?[ \t]*\n(?P<inside>.*)\n```", re.DOTALL)
S = TypeVar("S", bound=Frozen)


class Unreadable(Exception):  # noqa: N818 - a word of the domain: an answer that cannot be counted
    """An answer that cannot be counted; the message is ours, never a word of the judge's."""

    def __init__(self, outcome: AttemptOutcome, problem: str) -> None:
        super().__init__(problem)
        self.outcome: AttemptOutcome = outcome
        self.problem = problem


def json_object(text: str, longest: int = LONGEST_ANSWER) -> Any:
    """Return the one JSON value that is the whole answer, a code fence around it apart."""
    if len(text) > longest:
        raise Unreadable("invalid_json", "the answer was far too long")
    stripped = text.strip()
    fenced = _FENCE.fullmatch(stripped)
    try:
        return json.loads(
            fenced["inside"] if fenced else stripped, object_pairs_hook=_once, parse_constant=_no_constant
        )
    except (ValueError, RecursionError):
        raise Unreadable("invalid_json", "the answer was not one JSON object") from None


def shaped(value: Any, shape: type[S], known: frozenset[str]) -> S:
    """Return the value in its shape; `known` are our own keys, the only ones that a problem names."""
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        # Only names of our own keys and pydantic's words: nothing that the judge wrote.
        first = error.errors(include_input=False, include_url=False)[0]
        parts = [str(part) for part in first["loc"] if part in known or isinstance(part, int)]
        where = ".".join(parts) or "the answer"
        what = "key is not one of those asked for" if first["type"] == "extra_forbidden" else first["type"]
        raise Unreadable("schema_violation", f"the answer had another shape at {where}: {what}") from None


def occurs(quote: str, text: str) -> bool:
    """Return whether a quote stands in a text word for word; line breaks are the one thing models lose."""
    return flat(quote) in flat(text)


def flat(text: str) -> str:
    """Return the text on one line, with single spaces."""
    return " ".join(text.split())


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unreadable("invalid_json", "the answer gave a key twice")
    return found


def _no_constant(_: str) -> Any:
    raise Unreadable("invalid_json", "the answer held a number that JSON does not know")
