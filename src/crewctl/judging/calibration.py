"""How sure a choice is, as a probability that people would agree with it."""

from __future__ import annotations

from collections.abc import Sequence

from crewctl.judging.protocol import Place, Protocol, Vote
from crewctl.judging.verdict import Confidence

_SHARE = "share of its passes that the best draft won"


def confidence_of(
    places: Sequence[Place], votes: Sequence[Vote], protocol: Protocol, *, settled: bool
) -> Confidence:
    """Return how sure the best place is; never more than low when it was not chosen."""
    del protocol
    if not places or not votes:
        return Confidence(value=0.0, band="low", method=_SHARE)
    best = places[0]
    value = round(best.share, 6)
    if not settled:
        return Confidence(value=value, band="low", method=_SHARE)
    swept = best.swap_consistent_wins == len(places) - 1
    return Confidence(value=value, band="high" if swept else "medium", method=_SHARE)
