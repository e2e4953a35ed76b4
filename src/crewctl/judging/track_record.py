"""How a market's judges do over many runs: agreement with people, effects that merit does not explain, drift."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from crewctl.judging.choice import choose_from
from crewctl.judging.drafts import Candidate
from crewctl.judging.ground import ground_of
from crewctl.judging.models_asked import models_asked
from crewctl.judging.port import Frozen
from crewctl.judging.protocol import TIE
from crewctl.judging.protocols import PROTOCOLS
from crewctl.judging.rates import Count, Rate, difference, rate
from crewctl.judging.rejudged import chosen_draft
from crewctl.judging.verdict import Pass, Verdict

LEAST_RUNS = 10
"""Fewer runs on either side, and nothing is said of drift."""
ALPHA = 0.05
"""The chance of a false warning over all figures together; Holm (1979) divides it among them."""
_PAIR = 2

FigureName = Literal[
    "agreement_with_people",
    "first_shown_wins",
    "longer_wins",
    "both_orders_agree",
    "void_passes",
    "ties",
    "escalated",
]
WORDS: dict[FigureName, str] = {
    "agreement_with_people": "agreement with people",
    "first_shown_wins": "the share of passes won by the draft shown first",
    "longer_wins": "the share of passes won by the longer draft",
    "both_orders_agree": "the share of pairs whose two orders agree",
    "void_passes": "the share of void passes",
    "ties": "the share of passes without a preference",
    "escalated": "the share of runs left to a person",
}
"""What each figure says, in words."""


class Contestant(Frozen):
    """How often a contestant won among the runs that chose a draft; `chance` is the mean of 1 in so many."""

    name: str
    wins: Rate
    chance: float


class Drift(Frozen):
    """A figure that changed: its share in the earlier runs and in the latest, and the p-value of the test."""

    figure: str
    before: Rate
    after: Rate
    p: float


class TrackRecord(Frozen):
    """What is known of a crew's judges. `runs` are all with a verdict, `decided` those a person decided.

    `chance` is what agreement would be by chance, and `confidence` the judges' own mean confidence in the
    choices that people then made. `level` runs were decided by people where judges had put no draft alone in
    the first place: they tell nothing of agreement. `log_length_ratio` is the mean natural logarithm of
    the winner's words over the loser's. `recent` runs are compared with those before; 0 means too few.
    `changed` names what was not the same in both: a drift may come from that.
    """

    runs: int
    decided: int
    level: int
    chance: float | None
    confidence: float | None
    figures: dict[FigureName, Rate]
    contestants: tuple[Contestant, ...]
    log_length_ratio: float | None
    recent: int
    least_runs: int
    drift: tuple[Drift, ...]
    changed: tuple[Literal["judges", "rubric", "protocol"], ...]


def track_record_of(verdicts: Sequence[Verdict]) -> TrackRecord:
    """Fold verdicts, oldest first, into what they tell of their judges."""
    judged = [each for each in verdicts if each.judges and each.decision != "consensus"]
    decided = [each for each in judged if each.escalation.decided_by]
    clear = [each for each in decided if first_of(each) is not None]
    recent = _recent(len(judged))
    return TrackRecord(
        runs=len(judged),
        decided=len(decided),
        level=len(decided) - len(clear),
        chance=_mean(1 / _competing(each) for each in clear),
        confidence=_mean(_own_confidence(clear)),
        figures={name: rate([count(each) for each in judged]) for name, count in FIGURES.items()},
        contestants=_contestants(judged),
        log_length_ratio=_mean(_ratios(judged)),
        recent=recent,
        least_runs=2 * LEAST_RUNS,
        drift=_drift(judged[:-recent], judged[-recent:]) if recent else (),
        changed=_changed(judged[:-recent], judged[-recent:]) if recent else (),
    )


def first_of(verdict: Verdict) -> str | None:
    """Return the draft that the judges alone put first; None when there is none, or several are level."""
    first = [place.draft for place in verdict.aggregate.table if place.rank == 1]
    return first[0] if len(first) == 1 else None


def _agreed(verdict: Verdict) -> Count:
    first = first_of(verdict)
    if not verdict.escalation.decided_by or first is None:
        return 0, 0
    return int(first == verdict.selected_draft), 1


def _first_shown_won(verdict: Verdict) -> Count:
    won = _won_pairs(verdict)
    return sum(held.winner == held.order[0] for held in won), len(won)


def _longer_won(verdict: Verdict) -> Count:
    ratios = _ratios([verdict])
    told = [ratio for ratio in ratios if ratio != 0]
    return sum(ratio > 0 for ratio in told), len(told)


def _orders_agree(verdict: Verdict) -> Count:
    said = {
        (held.judge, held.kind, held.order): held.winner
        for held in _looks(verdict)
        if len(held.order) == _PAIR and held.winner is not None
    }
    both = [
        winner == said[judge, kind, order[::-1]]
        for (judge, kind, order), winner in said.items()
        if order < order[::-1] and (judge, kind, order[::-1]) in said
    ]
    return sum(both), len(both)


def _void(verdict: Verdict) -> Count:
    looks = _looks(verdict)
    return sum(held.status == "void" for held in looks), len(looks)


def _tied(verdict: Verdict) -> Count:
    counted = [held for held in _looks(verdict) if held.status == "counted"]
    return sum(held.winner == TIE for held in counted), len(counted)


def _escalated(verdict: Verdict) -> Count:
    return int(verdict.escalation.required), 1


FIGURES: dict[FigureName, Callable[[Verdict], Count]] = {
    "agreement_with_people": _agreed,
    "first_shown_wins": _first_shown_won,
    "longer_wins": _longer_won,
    "both_orders_agree": _orders_agree,
    "void_passes": _void,
    "ties": _tied,
    "escalated": _escalated,
}
"""What one verdict adds to each figure."""


def _looks(verdict: Verdict) -> list[Pass]:
    return [held for held in verdict.passes if held.kind not in ("human", "merge")]


def _won_pairs(verdict: Verdict) -> list[Pass]:
    return [
        held
        for held in _looks(verdict)
        if len(held.order) == _PAIR and held.winner is not None and held.winner != TIE
    ]


def _ratios(verdicts: Iterable[Verdict]) -> list[float]:
    """Return, for every pass that preferred one of two, the log of the winner's words over the loser's."""
    found = []
    for verdict in verdicts:
        words = {each.id: each.words for each in verdict.candidates}
        for held in _won_pairs(verdict):
            loser = held.order[0] if held.winner == held.order[1] else held.order[1]
            won, lost = words.get(str(held.winner), 0), words.get(loser, 0)
            if won and lost:
                found.append(math.log(won / lost))
    return found


def _competing(verdict: Verdict) -> int:
    return len(_drafts(verdict))


def _drafts(verdict: Verdict) -> list[Candidate]:
    """Return the drafts that competed."""
    return [each for each in verdict.candidates if each.status == "eligible" and each.origin == "draft"]


def _own_confidence(verdicts: Iterable[Verdict]) -> list[float]:
    """Return how sure the judges' own choices were: in the verdict people's word has taken that place."""
    return [
        choose_from(_looks(verdict), ground_of(verdict)).confidence.value
        for verdict in verdicts
        if verdict.protocol.name in PROTOCOLS
    ]


def _contestants(verdicts: Sequence[Verdict]) -> tuple[Contestant, ...]:
    chose = [each for each in verdicts if chosen_draft(each) is not None]
    counts: dict[str, list[Count]] = {}
    chances: dict[str, list[float]] = {}
    for verdict in chose:
        for each in _drafts(verdict):
            counts.setdefault(each.contestant, []).append((int(each.id == chosen_draft(verdict)), 1))
            chances.setdefault(each.contestant, []).append(1 / _competing(verdict))
    return tuple(
        Contestant(name=name, wins=rate(won), chance=round(sum(chances[name]) / len(won), 6))
        for name, won in sorted(counts.items())
    )


def _recent(runs: int) -> int:
    """Return how many of the latest runs stand against the earlier ones: a third, and at least ten."""
    return max(LEAST_RUNS, -(-runs // 3)) if runs >= 2 * LEAST_RUNS else 0


def _drift(before: Sequence[Verdict], after: Sequence[Verdict]) -> tuple[Drift, ...]:
    """Return the figures that changed by more than chance explains, by Holm's step-down over all of them."""
    rows: list[tuple[str, list[Count], list[Count]]] = [
        (WORDS[name], [count(each) for each in before], [count(each) for each in after])
        for name, count in FIGURES.items()
    ]
    names = sorted({each.contestant for verdict in (*before, *after) for each in _drafts(verdict)})
    rows += [
        (f"the share of runs won by {name}", [_won(name, v) for v in before], [_won(name, v) for v in after])
        for name in names
    ]
    tested = _tested(rows)
    found = []
    for position, drift in enumerate(tested):
        if drift.p > ALPHA / (len(tested) - position):
            break
        found.append(drift)
    return tuple(found)


def _changed(
    before: Sequence[Verdict], after: Sequence[Verdict]
) -> tuple[Literal["judges", "rubric", "protocol"], ...]:
    """Return what of the judging differs between two spans of runs."""

    def judges(verdict: Verdict) -> object:
        models = models_asked(verdict)
        return tuple((judge.id, models[judge.id], judge.prompt_sha256) for judge in verdict.judges)

    parts: tuple[tuple[Literal["judges", "rubric", "protocol"], Callable[[Verdict], object]], ...] = (
        ("judges", judges),
        ("rubric", lambda verdict: verdict.rubric.sha256),
        ("protocol", lambda verdict: (verdict.protocol.name, verdict.protocol.version)),
    )
    return tuple(name for name, part in parts if {*map(part, before)} != {*map(part, after)})


def _tested(rows: Iterable[tuple[str, list[Count], list[Count]]]) -> list[Drift]:
    """Return every figure that enough runs tell of on both sides, the least likely change first."""
    drifts = [
        Drift(figure=words, before=rate(old), after=rate(new), p=round(difference(old, new), 6))
        for words, old, new in rows
        if _telling(old) >= LEAST_RUNS and _telling(new) >= LEAST_RUNS
    ]
    return sorted(drifts, key=lambda drift: drift.p)


def _telling(counts: Sequence[Count]) -> int:
    return sum(total > 0 for _, total in counts)


def _won(name: str, verdict: Verdict) -> Count:
    mine = [each.id for each in _drafts(verdict) if each.contestant == name]
    chosen = chosen_draft(verdict)
    return (0, 0) if chosen is None or not mine else (int(chosen in mine), 1)


def _mean(values: Iterable[float]) -> float | None:
    told = list(values)
    return round(sum(told) / len(told), 6) if told else None
