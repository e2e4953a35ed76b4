"""What a protocol is worth: how often people agree, at how many calls, how often it asks a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from statistics import fmean

from replay import Replayed

RESAMPLES = 2000
SEED = 20240501


@dataclass(frozen=True)
class Measured:
    """Figures of one protocol. `by_question` has the top-1 of every question, a share of 1.

    `undecided` and `right_when_decided` are None for protocols that are not the product's.
    """

    by_question: Mapping[str, float]
    calls: float
    undecided: float | None
    right_when_decided: float | None

    @property
    def top1(self) -> float:
        """The mean over the questions, in percent."""
        return 100 * fmean(self.by_question.values())


def measured(runs: Iterable[tuple[str, frozenset[str], Replayed]]) -> Measured:
    """Fold judgings, each with its question and the drafts that people put first."""
    right: dict[str, list[float]] = {}
    calls, decided, agreed, folded = [], [], [], True
    for question, best, run in runs:
        right.setdefault(question, []).append(run.right(best))
        calls.append(run.calls)
        folded = folded and run.choice is not None
        decided.append(run.chosen is not None)
        agreed += [] if run.chosen is None else [run.chosen in best]
    return Measured(
        by_question={question: fmean(values) for question, values in right.items()},
        calls=fmean(calls),
        undecided=100 * (1 - fmean(decided)) if folded else None,
        right_when_decided=100 * fmean(agreed) if folded and agreed else None,
    )


def interval(one: Measured, other: Measured) -> tuple[float, float]:
    """Return the 95 % interval of the difference in top-1, in points, by resampling the questions.

    The paired percentile bootstrap: both are measured on the same questions, so each resample takes
    whole questions with both figures (Efron and Tibshirani, An Introduction to the Bootstrap, 1993).
    """
    differences = [100 * (one.by_question[key] - other.by_question[key]) for key in sorted(one.by_question)]
    draw = Random(SEED)  # noqa: S311 - a reproducible resample, nothing secret
    means = sorted(fmean(_resample(differences, draw)) for _ in range(RESAMPLES))
    return means[round(0.025 * RESAMPLES)], means[round(0.975 * RESAMPLES) - 1]


def _resample(values: Sequence[float], draw: Random) -> list[float]:
    return draw.choices(values, k=len(values))
