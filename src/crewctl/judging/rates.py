"""Shares counted over runs: their intervals, and whether two of them differ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

from crewctl.judging.port import Frozen

Count = tuple[int, int]
"""What one run adds to a share: how often it happened, and how often it could have."""

CONFIDENCE = 0.95
_Z = NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / 2)


class Rate(Frozen):
    """A share with its 95% interval; `share`, `low` and `high` are None when nothing was counted."""

    hits: int
    of: int
    share: float | None
    low: float | None
    high: float | None


def rate(counts: Sequence[Count]) -> Rate:
    """Return the share over all runs, with Wilson's score interval (Wilson 1927).

    Passes of one run are about the same drafts and agree more than chance has it, so an interval over
    passes counts each for less than one: `of` is divided by the design effect (Kish 1965), here that of
    runs as clusters, and never by less than 1.
    """
    hits, of = sum(hit for hit, _ in counts), sum(total for _, total in counts)
    if of == 0:
        return Rate(hits=hits, of=of, share=None, low=None, high=None)
    share = hits / of
    low, high = wilson(share, of / _design_effect(counts))
    return Rate(hits=hits, of=of, share=round(share, 6), low=round(low, 6), high=round(high, 6))


def wilson(share: float, of: float) -> tuple[float, float]:
    """Return Wilson's 95% score interval of a share of `of` independent trials."""
    spread = _Z**2 / of
    middle = (share + spread / 2) / (1 + spread)
    half = _Z / (1 + spread) * math.sqrt(share * (1 - share) / of + spread / (4 * of))
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))


def difference(before: Sequence[Count], after: Sequence[Count]) -> float:
    """Return the two-sided p-value of two shares being one and the same; 1 when either has no trial.

    A two-proportion z-test. Its variance is the larger of the pooled binomial one and that of ratio
    estimates with runs as clusters (Rao and Scott 1992), so that many passes of few runs prove nothing.
    """
    one, other = _share(before), _share(after)
    if one is None or other is None:
        return 1.0
    of = [sum(total for _, total in counts) for counts in (before, after)]
    pooled = sum(hit for hit, _ in (*before, *after)) / sum(of)
    binomial = pooled * (1 - pooled) * (1 / of[0] + 1 / of[1])
    variance = max(binomial, _clustered(before) + _clustered(after))
    if variance == 0:
        return 1.0
    return 2 * (1 - NormalDist().cdf(abs(one - other) / math.sqrt(variance)))


def _share(counts: Sequence[Count]) -> float | None:
    of = sum(total for _, total in counts)
    return sum(hit for hit, _ in counts) / of if of else None


def _clustered(counts: Sequence[Count]) -> float:
    """Return the variance of a share whose trials come in clusters; 0 for fewer than two of them."""
    told = [(hit, total) for hit, total in counts if total]
    share = _share(told)
    if share is None or len(told) < 2:  # noqa: PLR2004 - a variance needs two
        return 0.0
    of = sum(total for _, total in told)
    squares = sum((hit - share * total) ** 2 for hit, total in told)
    return len(told) / (len(told) - 1) * squares / of**2


def _design_effect(counts: Sequence[Count]) -> float:
    share = _share(counts) or 0.0
    of = sum(total for _, total in counts)
    binomial = share * (1 - share) / of
    return max(1.0, _clustered(counts) / binomial) if binomial else 1.0
