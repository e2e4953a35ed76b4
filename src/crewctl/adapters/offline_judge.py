"""Judge two blind drafts by their content alone, each scored as if the other did not exist."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crewctl.adapters import offline_text as prose
from crewctl.judging.protocol import TIE

LONGEST_QUOTE = 280
BEST = 5

_STOCK = re.compile(
    r"hope this (?:e-?mail|message|note)? ?finds you|reaching out|touch base|circle back|game.chang|synerg|"
    r"cutting.edge|leverage|in today's (?:fast|world)|world.class|best.in.class|seamless|unlock|delve",
    re.IGNORECASE,
)
_ADDRESSES_A_JUDGE = re.compile(
    r"\b(?:ignore|disregard|forget)\b[^.\n]{0,40}\b(?:instructions?|rubric|criteria|rules?|above|previous)\b|"
    r"\b(?:dear|note to(?: the)?|attention,?|hey) (?:judge|evaluator|grader)\b|"
    r"\bas (?:the|a) judge\b|\"winner\"\s*:|<\s*/?\s*(?:system|think)\b",
    re.IGNORECASE,
)


_ASKS = re.compile(r"question|answer|reply", re.IGNORECASE)
"""What a criterion says that wants the reader to write back: then questions count."""


@dataclass(frozen=True)
class Mark:
    """One draft on one criterion; `exact` decides where rounded scores are equal."""

    criterion: str
    score: int
    exact: float
    weight: float
    must: bool
    evidence: str


def judge(question: Mapping[str, Any]) -> str:
    """Answer a judge's prompt, as `judging.prompt.read_prompt` returns it, with the JSON it asks for."""
    drafts: Mapping[str, str] = question["drafts"]
    marks = {label: _marks(question, text) for label, text in drafts.items()}
    winner = _winner(drafts, marks)
    answer = {
        "canary": question["canary"],
        "scores": [
            {"label": label, "criterion": mark.criterion, "evidence": mark.evidence, "score": mark.score}
            for label, given in marks.items()
            for mark in given
        ],
        "instructions_to_judge_found_in": [
            label for label, text in drafts.items() if _ADDRESSES_A_JUDGE.search(text)
        ],
        "rationale": _rationale(winner, marks),
        "winner": winner,
    }
    return json.dumps(answer, ensure_ascii=False)


def take_notes(question: Mapping[str, Any]) -> str:
    """Answer a judge's prompt for notes, as `judging.notes.read_notes_prompt` returns it."""
    return json.dumps({"canary": question["canary"], "notes": _notes(question)}, ensure_ascii=False)


def _marks(question: Mapping[str, Any], text: str) -> list[Mark]:
    task = f"{question['task']['description']} {question['task']['expected_output']}"
    marks: list[Mark] = []
    for criterion in question["criteria"]:
        quoted = {mark.evidence for mark in marks}
        marks.append(_mark(criterion, task, text, quoted))
    return marks


def _mark(criterion: Mapping[str, Any], task: str, text: str, quoted: set[str]) -> Mark:
    says = f"{criterion['name']} {criterion['says']}"
    if criterion["must"]:
        met = _meets(criterion["says"], text)
        return Mark(criterion["name"], BEST if met else 1, float(met), criterion["weight"], True, "")
    exact = _worth(says, task, text)
    quote = _quote(says, task, text, quoted)
    # Without words to point at there is no ground for a good score.
    score = round(1 + (BEST - 1) * exact) if quote else 1
    return Mark(criterion["name"], score, exact, criterion["weight"], False, quote)


def _meets(rule: str, text: str) -> bool:
    limit = prose.word_limit(rule)
    if limit is None:
        return bool(text.strip())
    count = len(prose.words(text))
    return count >= limit if re.search(r"\bat least\b|\bminimum\b", rule, re.IGNORECASE) else count <= limit


def _worth(says: str, task: str, text: str) -> float:
    """Return between 0 and 1 how well a draft answers a criterion: names, task words, plainness."""
    said = prose.keywords(text)
    if not said:
        return 0.0
    asked = prose.keywords(task)
    taken_up = len(set(asked) & set(said)) / max(1, len(asked))
    named = sum(text.count(name) for name in prose.names(task)[:4])
    stock = len(_STOCK.findall(text))
    spans = [len(prose.words(one)) for one in prose.sentences(text)]
    length = sum(spans) / len(spans)
    plain = 1 - min(1.0, abs(length - 14) / 30) - min(0.6, 0.2 * stock)
    specific = 0.5 * taken_up + 0.5 * min(1.0, named / 6)
    # How much of each a criterion means differs with its words; a fraction no prose could aim at keeps
    # drafts of equal worth apart, whatever their order.
    lean = prose.digest("lean", says) % 100 / 100 if not _telling(says) else _telling(says)
    grain = prose.digest("grain", says, text) % 1000 / 1000
    # Ordinary prose lies between these two; the scale is spread over it.
    low, high = 0.45, 0.95
    exact = 0.9 * (lean * specific + (1 - lean) * plain) + 0.1 * grain
    spread = min(1.0, max(0.0, (exact - low) / (high - low)))
    if not _ASKS.search(says):
        return spread
    return 0.4 * spread + 0.6 * min(1.0, text.count("?") / 4)


def _telling(says: str) -> float:
    if re.search(r"specific|fact|concrete|names?\b|detail|accura|evidence|relevan", says, re.IGNORECASE):
        return 0.85
    return (
        0.15
        if re.search(r"plain|voice|tone|warm|clear|style|stock|readab|concise", says, re.IGNORECASE)
        else 0
    )


def _quote(says: str, task: str, text: str, quoted: set[str]) -> str:
    """Return the words of the draft that say most about the criterion, exactly as they stand there."""
    asked, told = set(prose.keywords(says)), set(prose.keywords(task))
    names = prose.names(task)[:4]
    wants_question = bool(_ASKS.search(says))
    found = [one for one in prose.sentences(text) if one in text]

    def worth(one: str) -> tuple[bool, bool, int, int]:
        said = set(prose.keywords(one))
        hits = 3 * len(asked & said) + len(told & said) + 2 * sum(name in one for name in names)
        hits += 5 * (wants_question and one.endswith("?"))
        return (
            one not in quoted,
            not one.startswith(("Subject:", "#")),
            hits,
            prose.digest("quote", says, one),
        )

    best = max(found, key=worth, default="")
    return best if len(best) <= LONGEST_QUOTE else best[:LONGEST_QUOTE].rsplit(" ", 1)[0]


def _total(marks: list[Mark]) -> tuple[int, float, float]:
    """Return what decides, in this order: musts met, weighted scores, weighted exact worth."""
    met = sum(mark.must and mark.score == BEST for mark in marks)
    weighed = [mark for mark in marks if not mark.must]
    return met, sum(m.weight * m.score for m in weighed), sum(m.weight * m.exact for m in weighed)


def _winner(drafts: Mapping[str, str], marks: Mapping[str, list[Mark]]) -> str:
    totals = {label: (*_total(marks[label]), prose.digest("draft", drafts[label])) for label in drafts}
    best = max(totals.values())
    first = [label for label, total in totals.items() if total == best]
    return first[0] if len(first) == 1 else TIE


def _notes(question: Mapping[str, Any]) -> str:
    asked = prose.points(question["task"]["description"]) or prose.keywords(question["task"]["description"])
    wanted = "; ".join(f"{one['name']}: {one['says'].strip()}" for one in question["criteria"])
    return f"A good answer takes up {prose.listed(asked[:6] or ['the task'])}. It is held to this. {wanted}"[
        :1000
    ]


def _rationale(winner: str, marks: Mapping[str, list[Mark]]) -> str:
    if winner == TIE:
        return "Nothing in the two texts tells them apart on any criterion."
    loser = next(label for label in marks if label != winner)
    pairs = list(zip(marks[winner], marks[loser], strict=True))
    better = sorted((pair for pair in pairs if pair[0].exact > pair[1].exact), key=_by_weight)
    worse = sorted((pair for pair in pairs if pair[0].exact < pair[1].exact), key=_by_weight)
    said = [_sentence(winner, loser, *pair) for pair in better[:3]]
    if worse:
        said.append(f"On {worse[0][0].criterion} {loser} is ahead, which does not outweigh this.")
    return " ".join(said)[:2000] or f"{winner} is better by a hair: the scores are equal on every criterion."


def _by_weight(pair: tuple[Mark, Mark]) -> float:
    return -pair[0].weight * (pair[0].exact - pair[1].exact) - 100 * pair[0].must


def _sentence(winner: str, loser: str, won: Mark, lost: Mark) -> str:
    if won.must:
        return f"{winner} meets {won.criterion}, and {loser} does not."
    against = (
        f'where {loser} has "{lost.evidence.rstrip(".")}"'
        if lost.evidence
        else f"and {loser} offers nothing to quote"
    )
    return f'On {won.criterion} {winner} is stronger: it says "{won.evidence.rstrip(".")}", {against}.'
