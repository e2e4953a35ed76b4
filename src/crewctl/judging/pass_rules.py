"""What must be true of every pass of a verdict, whoever held it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from crewctl.judging.ballot import eligible
from crewctl.judging.people import human
from crewctl.judging.protocol import TIE
from crewctl.judging.verdict import Pass, Verdict

_BEST, _WORST = 5, 1


def broken_rules(verdict: Verdict) -> Iterator[str]:
    """Give every rule that a pass breaks."""
    ids = Counter(held.id for held in verdict.passes)
    yield from (f"{name} is there {times} times" for name, times in ids.items() if times > 1)
    people = Counter(held.judge for held in human(verdict.passes))
    yield from (f"{who} spoke {times} times" for who, times in people.items() if times > 1)
    for number, held in enumerate(human(verdict.passes), start=1):
        if held.id != f"person.{number}":
            yield f"{held.id} is not the name of ballot {number}"
    judges = {judge.id for judge in verdict.judges}
    for held in verdict.passes:
        wrong = _of_person(held, verdict) if held.kind == "human" else _of_judge(held, verdict, judges)
        yield from (f"{held.id}: {what}" for what in (*_winner(held), *wrong))


def _winner(held: Pass) -> Iterator[str]:
    if (held.status == "void") != (held.winner is None):
        yield "it is void exactly if it has no winner"
    if held.winner not in (None, TIE, *held.order):
        yield f"{held.winner} won, and was not shown"
    if set(held.addressed_judge) - set(held.order):
        yield "a draft spoke to the judge that was not shown"


def _of_person(held: Pass, verdict: Verdict) -> Iterator[str]:
    drafts = eligible(verdict)
    if held.order != drafts:
        yield "a person chooses among all drafts that competed"
    if held.winner not in drafts or not held.rationale.strip():
        yield "a person chooses one draft, for a reason"
    asked = (held.prompt_sha256, held.response_sha256, held.label_map_sha256, held.swap_of)
    if any(asked) or held.scores or held.attempts or held.addressed_judge:
        yield "a person is asked by no prompt, and says nothing but a draft and why"


def _of_judge(held: Pass, verdict: Verdict, judges: set[str]) -> Iterator[str]:
    if held.judge not in judges:
        yield f"{held.judge} is no judge of this market"
    if held.at is not None:
        yield "only people's words have a time"
    yield from _attempts(held)
    if held.status == "void":
        if held.scores or held.rationale or held.addressed_judge:
            yield "a void pass says nothing"
        return
    musts = {one.id: one.kind == "must" for one in verdict.rubric.criteria}
    wanted = sorted((draft, criterion) for draft in held.order for criterion in musts)
    if sorted((score.draft, score.criterion) for score in held.scores) != wanted:
        yield "it does not score every draft on every criterion once"
    if any(musts.get(score.criterion) and score.score not in (_WORST, _BEST) for score in held.scores):
        yield "a must criterion takes a score of 1 or 5"


def _attempts(held: Pass) -> Iterator[str]:
    outcomes = [attempt.outcome for attempt in held.attempts]
    if [attempt.n for attempt in held.attempts] != list(range(1, len(outcomes) + 1)) or not outcomes:
        yield "its calls are not numbered from 1"
    elif outcomes[-1] != "ok" if held.status == "counted" else "ok" in outcomes:
        yield "it counts exactly if its last call was understood"
    elif "ok" in outcomes[:-1]:
        yield "a call that was understood is not made again"
