"""Find what blind drafts share without a network: sentences of like words, and figures that differ."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from crewctl.adapters import offline_text as prose
from crewctl.judging.quotes import LEAST_QUOTE

MOST_OF_ONE = 4
"""Statements that are taken from one draft."""

_LONGEST = 300
_ALIKE = 0.5
"""Sentences that share this part of their words speak of the same thing."""
_NUMBER = re.compile(r"\d[\d.,]*")
_NOT = re.compile(r"\b(?:not|no|never|none|cannot|without)\b|n't\b", re.IGNORECASE)


def agree(question: Mapping[str, Any]) -> str:
    """Answer a consensus prompt, as the frame of `judging.consensus_prompt` reads it, with the JSON it asks for."""
    drafts: Mapping[str, str] = question["drafts"]
    said = {label: _sentences(text) for label, text in drafts.items()}
    statements: list[str] = []
    for label in sorted(drafts, key=lambda one: prose.digest("order", drafts[one])):
        new = [one for one in said[label] if not any(_alike(one, other) for other in statements)]
        statements += new[:MOST_OF_ONE]
    items = [
        {"statement": one, "stances": [_stance(one, label, said[label]) for label in drafts]}
        for one in dict.fromkeys(statements)
    ]
    return json.dumps({"canary": question["canary"], "items": items}, ensure_ascii=False)


def _sentences(text: str) -> list[str]:
    found = dict.fromkeys(one for one in prose.plain_sentences(text) if one in text)
    return [one for one in found if LEAST_QUOTE <= len(one) <= _LONGEST and "\n" not in one]


def _stance(statement: str, label: str, sentences: list[str]) -> dict[str, str]:
    like = [one for one in sentences if _alike(statement, one)]
    if not like:
        return {"label": label, "stance": "silent", "quote": ""}
    closest = max(like, key=lambda one: (one == statement, _likeness(statement, one)))
    return {
        "label": label,
        "stance": "contradicts" if _denies(statement, closest) else "supports",
        "quote": closest,
    }


def _alike(one: str, other: str) -> bool:
    return one == other or _likeness(one, other) >= _ALIKE


def _likeness(one: str, other: str) -> float:
    mine, theirs = set(prose.keywords(one)), set(prose.keywords(other))
    return len(mine & theirs) / max(1, len(mine | theirs))


def _denies(one: str, other: str) -> bool:
    """Return whether like sentences differ in a figure that both have, or in a denial."""
    mine, theirs = _NUMBER.findall(one), _NUMBER.findall(other)
    figures = bool(mine) and bool(theirs) and set(mine) != set(theirs)
    return figures or bool(_NOT.search(one)) != bool(_NOT.search(other))
