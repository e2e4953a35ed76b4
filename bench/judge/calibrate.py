"""Fit and check the confidence of a choice: the constants of `crewctl.judging.calibration`.

Usage: python bench/judge/calibrate.py
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from random import Random

import pairs
from fixtures import FIVE, JUDGES, people_best, prd_questions, prd_say
from replay import replay

from crewctl.judging.calibration import CALIBRATED, WEIGHTS, features_of, probability
from crewctl.judging.protocols import PROTOCOLS

FITTED_ON = {2: ("both_orders", "all_pairs"), 3: ("balanced_top3", "all_pairs")}
"""The protocols of the fit, by the least number of drafts. Others are only checked."""
FOLDS = 10
PENALTY = 1.0
STEPS = 12
BINS = 10


@dataclass(frozen=True)
class Sample:
    """One judging: where it is from, what is known of it, and how far people agreed with its best draft."""

    cell: str
    question: str
    protocol: str
    features: tuple[float, ...]
    agreed: float


@dataclass(frozen=True)
class Reliability:
    """How good probabilities are. `base` is the Brier score of always saying the mean; `error` the ECE.

    Brier score: mean squared error (Brier 1950). ECE: the mean distance between what was said and what
    came true, over ten bins of equal width (Naeini, Cooper and Hauskrecht 2015).
    """

    count: int
    said: float
    came_true: float
    brier: float
    base: float
    error: float


@cache
def samples() -> tuple[Sample, ...]:
    """Return every judging of the fit."""
    found = [one for least, names in FITTED_ON.items() for name in names for one in prd_samples(name, least)]
    found += [one for name in FITTED_ON[2] for one in llmbar_samples(name)]
    return tuple(found)


def prd_samples(protocol: str, least: int, judges: Sequence[str] = JUDGES) -> Iterator[Sample]:
    """Judge every choice of two (`least` 2), or of three to five, of the five drafts of every question."""
    for count in (2,) if least == 2 else range(least, len(FIVE) + 1):
        for question in prd_questions():
            for names in combinations(FIVE, count):
                order = list(names)
                Random(f"{question} {names}").shuffle(order)  # noqa: S311 - a reproducible numbering
                for judge in judges:
                    run = replay(PROTOCOLS[protocol], order, prd_say(question), (judge,), fold=False)
                    agreed = run.right(people_best(question, names))
                    yield Sample(f"PRD N={count}", question, protocol, features_of(run.places), agreed)


def llmbar_samples(protocol: str) -> Iterator[Sample]:
    """Judge every pair of LLMBar."""
    for pair, best, run in pairs.judged(PROTOCOLS[protocol]):
        yield Sample("LLMBar", pair, protocol, features_of(run.places), run.right(best))


def fit(rows: Sequence[Sample]) -> tuple[float, ...]:
    """Return the weights of a logistic regression, penalised but for the constant, by Newton's method."""
    size = len(rows[0].features)
    found = [0.0] * size
    weighed = list(zip(rows, weights(rows), strict=True))
    for _ in range(STEPS):
        slope = [-PENALTY * value * (place > 0) for place, value in enumerate(found)]
        curve = [[PENALTY * (one == other > 0) for other in range(size)] for one in range(size)]
        for row, weight in weighed:
            said = probability(row.features, found)
            for one, feature in enumerate(row.features):
                slope[one] += weight * (row.agreed - said) * feature
                for other, second in enumerate(row.features):
                    curve[one][other] += weight * said * (1 - said) * feature * second
        found = [value + step for value, step in zip(found, _solved(curve, slope), strict=True)]
    return tuple(found)


def weights(rows: Sequence[Sample]) -> list[float]:
    """Return what each judging counts: every data set and number of drafts as much as another."""
    sizes = Counter(row.cell for row in rows)
    return [len(rows) / len(sizes) / sizes[row.cell] for row in rows]


@cache
def held_out() -> tuple[tuple[Sample, float], ...]:
    """Return every judging with what was said of it by a fit that saw none of its question."""
    rows = samples()
    fold = {question: n % FOLDS for n, question in enumerate(sorted({row.question for row in rows}))}
    said = []
    for out in range(FOLDS):
        fitted = fit([row for row in rows if fold[row.question] != out])
        said += [(row, probability(row.features, fitted)) for row in rows if fold[row.question] == out]
    return tuple(said)


def reliability(said: Sequence[tuple[Sample, float]]) -> Reliability:
    """Measure probabilities against what people said."""
    parts = weights([row for row, _ in said])
    total = sum(parts)
    weighed = [(part / total, row.agreed, value) for part, (row, value) in zip(parts, said, strict=True)]
    mean = sum(part * agreed for part, agreed, _ in weighed)
    bins: dict[int, float] = {}
    for part, agreed, value in weighed:
        place = min(int(value * BINS), BINS - 1)
        bins[place] = bins.get(place, 0.0) + part * (value - agreed)
    return Reliability(
        count=len(said),
        said=sum(part * value for part, _, value in weighed),
        came_true=mean,
        brier=sum(part * (value - agreed) ** 2 for part, agreed, value in weighed),
        base=sum(part * (mean - agreed) ** 2 for part, agreed, _ in weighed),
        error=sum(map(abs, bins.values())),
    )


def by_protocol() -> dict[str, Reliability]:
    """Measure the probabilities of every calibrated protocol by the constants, on three to five drafts."""
    return {
        name: reliability([(row, probability(row.features, WEIGHTS)) for row in prd_samples(name, 3)])
        for name in PROTOCOLS
        if name in CALIBRATED and name != "both_orders"
    }


def _solved(curve: list[list[float]], slope: list[float]) -> list[float]:
    """Solve a positive definite system of linear equations by elimination."""
    rows = [[*left, right] for left, right in zip(curve, slope, strict=True)]
    for place, pivot in enumerate(rows):
        for other in rows:
            if other is not pivot:
                factor = other[place] / pivot[place]
                other[:] = [a - factor * b for a, b in zip(other, pivot, strict=True)]
    return [row[-1] / row[place] for place, row in enumerate(rows)]


def main() -> None:
    """Print the weights and how reliable they are on questions that the fit did not see."""
    print("weights", ", ".join(f"{value:.3f}" for value in fit(samples())), "- in the source:", WEIGHTS)
    everything = held_out()
    print("held out", reliability(everything))
    for cell in sorted({row.cell for row, _ in everything}):
        print(cell, reliability([(row, value) for row, value in everything if row.cell == cell]))
    for name, found in by_protocol().items():
        print(name, found)
    assert math.isfinite(reliability(everything).brier)


if __name__ == "__main__":
    main()
