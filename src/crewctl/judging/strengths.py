"""How strong each draft is in the judges' eyes, estimated from some of the comparisons."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from crewctl.judging.protocol import Vote

Matrix = list[list[float]]

SPREAD = 1.5
"""Standard deviation of the drafts' strengths before any vote, in logits."""
FAVOUR = 1.0
"""Standard deviation of what being shown first is worth before any vote, in logits; its mean is 0."""
_PAIR = 2
_STEPS = 30
_EXACT = 1e-13
_NODES = tuple((step / 4, math.exp(-((step / 4) ** 2) / 2)) for step in range(-16, 17))
"""Points and weights over a standard normal variable: the trapezium rule, which is all but exact here."""


@dataclass(frozen=True)
class Strengths:
    """A normal approximation to what is known of the drafts' strengths, in logits.

    A draft that is one logit stronger wins about 73% of its comparisons by a judge who favours no place.
    """

    drafts: tuple[str, ...]
    mean: tuple[float, ...]
    covariance: Matrix

    def of(self, draft: str) -> float:
        """Return the draft's expected strength."""
        return self.mean[self.drafts.index(draft)]

    def stronger(self, draft: str, other: str) -> float:
        """Return the probability that one draft is stronger than another."""
        one, two = self.drafts.index(draft), self.drafts.index(other)
        spread = self.covariance[one][one] + self.covariance[two][two] - 2 * self.covariance[one][two]
        return _below((self.mean[one] - self.mean[two]) / math.sqrt(spread))

    def best(self) -> dict[str, float]:
        """Return, for every draft, the probability that it is the strongest.

        Given the strength of one draft, the others are taken to be independent: then the probability that
        all are weaker is an integral over one variable.
        """
        chances = [self._is_best(one) for one in range(len(self.drafts))]
        total = math.fsum(chances)
        return {draft: chance / total for draft, chance in zip(self.drafts, chances, strict=True)}

    def _is_best(self, one: int) -> float:
        own = self.covariance[one]
        deviation = math.sqrt(own[one])
        others = [
            (self.mean[one] - self.mean[two], own[two] / own[one], self.covariance[two][two])
            for two in range(len(self.drafts))
            if two != one
        ]
        chance = 0.0
        for node, weight in _NODES:
            factors = sorted(
                _below((ahead + node * deviation * (1 - slope)) / math.sqrt(var - slope * slope * own[one]))
                for ahead, slope, var in others
            )
            chance += weight * math.prod(factors)
        return chance


def strengths(drafts: Sequence[str], votes: Sequence[Vote]) -> Strengths:
    """Return the strengths that fit the votes over two of the drafts.

    The model is Bradley and Terry's (1952) with a term for the place, as in Davidson and Beaver (1977):
    the logit that the draft shown first wins is its strength less the other's, plus what the judges give
    for being first. A tie is half a win and half a loss. Strengths and favour have normal priors, so that
    an unbeaten draft is not infinitely strong; the posterior is approximated at its mode (Laplace).
    """
    drafts = sorted(drafts)  # the same votes give the same numbers to the last digit
    index = {draft: place for place, draft in enumerate(drafts)}
    seen = sorted(_observations(index, votes))
    size = len(drafts) + 1
    precision = [1 / SPREAD**2] * len(drafts) + [1 / FAVOUR**2]
    at = [0.0] * size
    for _ in range(_STEPS):
        slope, curve = _derivatives(at, seen, precision)
        step = [math.fsum(a * b for a, b in zip(row, slope, strict=True)) for row in inverse(curve)]
        longest = max(abs(part) for part in step)
        at = [value + part * min(1.0, 2 / max(longest, _EXACT)) for value, part in zip(at, step, strict=True)]
        if longest < _EXACT:
            break
    covariance = inverse(_derivatives(at, seen, precision)[1])
    return Strengths(tuple(drafts), tuple(at[:-1]), [row[:-1] for row in covariance[:-1]])


def _observations(index: dict[str, int], votes: Sequence[Vote]) -> list[tuple[int, int, float, float]]:
    """Return who was first, who second, the first one's points, and what the vote counts: 1 on average."""
    heard = [
        vote
        for vote in votes
        if vote.winner is not None and len(vote.look.order) == _PAIR and set(vote.look.order) <= index.keys()
    ]
    total = math.fsum(vote.weight for vote in heard)
    return [
        (
            index[vote.look.order[0]],
            index[vote.look.order[1]],
            vote.points(vote.look.order[0]),
            vote.weight * len(heard) / total,
        )
        for vote in heard
        if vote.weight > 0
    ]


def _derivatives(
    at: Sequence[float], seen: Sequence[tuple[int, int, float, float]], precision: Sequence[float]
) -> tuple[list[float], Matrix]:
    """Return the gradient of the log posterior and its negative curvature."""
    size = len(at)
    slope = [-value * exact for value, exact in zip(at, precision, strict=True)]
    curve = [[precision[row] if row == column else 0.0 for column in range(size)] for row in range(size)]
    favour = size - 1
    for first, second, points, weight in seen:
        wins = 1 / (1 + math.exp(-(at[first] - at[second] + at[favour])))
        signs = ((first, 1.0), (second, -1.0), (favour, 1.0))
        known = weight * wins * (1 - wins)
        for row, sign in signs:
            slope[row] += sign * weight * (points - wins)
            for column, other in signs:
                curve[row][column] += sign * other * known
    return slope, curve


def inverse(matrix: Matrix) -> Matrix:
    """Return the inverse of a positive definite matrix."""
    size = len(matrix)
    rows = [[*row, *(float(n == column) for column in range(size))] for n, row in enumerate(matrix)]
    for pivot in range(size):
        scale = rows[pivot][pivot]
        rows[pivot] = [part / scale for part in rows[pivot]]
        for other in range(size):
            if other != pivot and rows[other][pivot]:
                times = rows[other][pivot]
                rows[other] = [
                    mine - times * part for mine, part in zip(rows[other], rows[pivot], strict=True)
                ]
    return [row[size:] for row in rows]


def _below(z: float) -> float:
    """Return the probability that a standard normal variable is below `z`."""
    return math.erfc(-z / math.sqrt(2)) / 2
