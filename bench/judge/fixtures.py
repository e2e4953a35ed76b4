"""The recorded votes: of judges and of people on PRD's answers, of GPT-4 on the pairs of LLMBar."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from replay import Say

from crewctl.judging.protocol import TIE, Look

DATA = Path(__file__).resolve().parents[2] / "tests" / "data" / "judge"
JUDGES = ("gpt4", "gpt35", "claude")
"""The judges of PRD over which its figures are means."""
FIVE = ("bard", "claude", "gpt35", "gpt4", "vicuna")
FOUR = ("bard", "claude", "gpt35", "vicuna")
Votes = Mapping[tuple[str, tuple[str, ...]], str]


def _rows(path: str) -> Iterator[dict[str, str]]:
    with (DATA / path).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


@cache
def prd_votes() -> dict[str, dict[tuple[str, tuple[str, ...]], str]]:
    """Return each judge's votes by question and the names in the order shown."""
    votes: dict[str, dict[tuple[str, tuple[str, ...]], str]] = {}
    for row in _rows("prd_vicuna80/judge_votes.csv"):
        order = (row["shown_first"], row["shown_second"])
        winner = {"first": order[0], "second": order[1], "tie": TIE}[row["verdict"]]
        votes.setdefault(row["judge"], {})[row["question_id"], order] = winner
    return votes


@cache
def prd_texts() -> dict[tuple[str, str], str]:
    """Return every recorded draft by question and name."""
    lines = (DATA / "prd_vicuna80/drafts.jsonl").read_text(encoding="utf-8").splitlines()
    return {(str(one["question_id"]), one["draft"]): one["text"] for one in map(json.loads, lines)}


@cache
def prd_questions() -> tuple[str, ...]:
    """Return the odd questions, which is all that the fixture has."""
    questions = {row["question_id"] for row in _rows("prd_vicuna80/human_votes.csv")}
    return tuple(sorted(questions, key=int))


@cache
def _human() -> dict[tuple[str, frozenset[str]], list[str]]:
    votes: dict[tuple[str, frozenset[str]], list[str]] = {}
    for row in _rows("prd_vicuna80/human_votes.csv"):
        pair = frozenset((row["first"], row["second"]))
        winner = {"first": row["first"], "second": row["second"], "tie": TIE}[row["vote"]]
        votes.setdefault((row["question_id"], pair), []).append(winner)
    return votes


@cache
def people_best(question: str, names: Sequence[str]) -> frozenset[str]:
    """Return the drafts that people put first: by pairs won in the majority, level pairs a half."""
    scores = {
        name: sum(_against(question, name, other) for other in names if other != name) for name in names
    }
    return frozenset(name for name, score in scores.items() if score == max(scores.values()))


def _against(question: str, name: str, other: str) -> float:
    votes = _human()[question, frozenset((name, other))]
    lead = votes.count(name) - votes.count(other)
    return 1.0 if lead > 0 else 0.5 if lead == 0 else 0.0


def prd_say(question: str, record: str | None = None) -> Say:
    """Return who answers for the judges of one question; `record` answers for every judge."""
    votes = prd_votes()
    return lambda judge, look: votes[record or judge][question, tuple(look.order)]


@cache
def llmbar_labels() -> dict[str, str]:
    """Return the better output, ``1`` or ``2``, of every pair."""
    return {f"{row['subset']}/{row['idx']}": row["label"] for row in _rows("llmbar/labels.csv")}


@cache
def llmbar_votes() -> dict[str, dict[tuple[str, tuple[str, ...]], str]]:
    """Return GPT-4's votes for each prompt, by pair and the outputs in the order shown."""
    votes: dict[str, dict[tuple[str, tuple[str, ...]], str]] = {}
    for row in _rows("llmbar/judge_votes.csv"):
        pair, own = f"{row['subset']}/{row['idx']}", votes.setdefault(row["prompt"], {})
        own[pair, ("1", "2")] = row["winner_order12"]
        own[pair, ("2", "1")] = row["winner_order21"]
    return votes


def llmbar_say(pair: str, first: str, closer: str) -> Say:
    """Return who answers for one pair: the votes of one prompt, and for closer looks of another."""
    votes = llmbar_votes()

    def say(_: str, look: Look) -> str | None:
        prompt = closer if look.kind == "tiebreak" else first
        return votes[prompt][pair, tuple(look.order)] or None

    return say
