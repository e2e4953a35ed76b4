"""Merge blind drafts without a network: one draft as the frame, and what the others say beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from crewctl.adapters import offline_text as prose
from crewctl.judging.quotes import LEAST_QUOTE

_LONGEST_QUOTE = 300
_ALIKE = 0.5
"""Sentences that share this part of their words say the same."""
_LETTER = 3
"""Paragraphs from which on the first is a greeting and the last an ending."""


def edit(question: Mapping[str, Any]) -> str:
    """Answer an editor's prompt, as the frame of `judging.merge_prompt` reads it, with the JSON it asks for."""
    drafts: Mapping[str, str] = question["drafts"]
    task = f"{question['task']['description']} {question['task']['expected_output']}"
    asked = set(prose.keywords(task))
    order = sorted(
        drafts, key=lambda one: (-_taken_up(asked, drafts[one]), prose.digest("base", drafts[one]))
    )
    text = drafts[order[0]]
    taken = [{"label": order[0], "quote": one} for one in _quotable(text)[:1]]
    most = _most_words(question)
    for label in order[1:]:
        found = _best_addition(asked, text, drafts[label])
        longer = text if found is None else _with(text, found)
        if found is not None and (most is None or len(prose.words(longer)) <= most):
            text = longer
            taken.append({"label": label, "quote": found})
    return json.dumps({"canary": question["canary"], "taken": taken, "text": text}, ensure_ascii=False)


def _taken_up(asked: set[str], text: str) -> int:
    return len(asked & set(prose.keywords(text)))


def _quotable(text: str) -> list[str]:
    """Return the whole sentences that stand in the text word for word and can be quoted."""
    found = [one for one in prose.plain_sentences(text) if one in text]
    return [one for one in found if LEAST_QUOTE <= len(one) <= _LONGEST_QUOTE and "\n" not in one]


def _best_addition(asked: set[str], text: str, other: str) -> str | None:
    """Return the sentence of another draft that says most of what the text does not say yet."""
    said = set(prose.keywords(text))

    def worth(one: str) -> tuple[int, int, int]:
        new = set(prose.keywords(one)) - said
        return len(new & asked), len(new), prose.digest("taken", one)

    there = prose.sentences(text)
    new = [one for one in _quotable(other) if not any(_alike(one, said) for said in there)]
    return max(new, key=worth, default=None)


def _alike(one: str, other: str) -> bool:
    mine, theirs = set(prose.keywords(one)), set(prose.keywords(other))
    return len(mine & theirs) >= _ALIKE * max(1, len(mine | theirs))


def _with(text: str, sentence: str) -> str:
    """Return the text with a sentence more, at the end of its last paragraph before any ending."""
    paragraphs = text.rstrip().split("\n\n")
    place = len(paragraphs) - (2 if len(paragraphs) >= _LETTER else 1)
    paragraphs[place] = f"{paragraphs[place]} {sentence}"
    return "\n\n".join(paragraphs) + "\n"


def _most_words(question: Mapping[str, Any]) -> int | None:
    musts = [one["says"] for one in question["criteria"] if one["must"]]
    limits = [prose.word_limit(said) for said in (question["task"]["expected_output"], *musts)]
    return min((limit for limit in limits if limit is not None), default=None)
