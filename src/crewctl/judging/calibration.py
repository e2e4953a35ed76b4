"""How sure a choice is, as a probability that people would agree with it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from crewctl.judging.protocol import Place, Protocol, Vote
from crewctl.judging.verdict import Confidence

METHOD = "logistic/1: probability that people agree, from the lead in share and the number of drafts"
NOT_CALIBRATED = "share of its passes that the best draft won; not calibrated for this protocol"
WEIGHTS = (0.271, -0.240, 2.005)
"""Of a constant, of the logarithm of half the number of drafts, and of the lead.

A logistic regression on recorded votes: of three judges on two to five answers to the odd questions of
PRD (Li, Patel and Du 2023), and of GPT-4 on the pairs of LLMBar (Zeng and others 2024), each data set
and number of drafts counted alike. `bench/judge/calibrate.py` fits it; docs/reference/judge-quality.md
says how good it is on questions that a fit did not see.
"""
CALIBRATED = frozenset({"adaptive", "all_pairs", "balanced_top3", "both_orders"})
"""The protocols that recorded votes were replayed through; of lists no votes are on record."""
HIGH = 0.8
"""From here on at most one person in five is expected to choose another draft."""
MEDIUM = 0.5
"""Below, people are expected to disagree with the choice more often than not."""


def confidence_of(
    places: Sequence[Place], votes: Sequence[Vote], protocol: Protocol, *, settled: bool
) -> Confidence:
    """Return how sure the best place is; never more than low when it was not chosen."""
    if not places or not votes:
        return Confidence(value=0.0, band="low", method=NOT_CALIBRATED)
    lists = any(vote.look.kind == "listwise" for vote in votes)
    if lists or protocol.name not in CALIBRATED or len(places) == 1:
        value = round(_share(places[0], votes), 6)
        return Confidence(value=value, band="medium" if settled else "low", method=NOT_CALIBRATED)
    value = round(probability(features_of(places), WEIGHTS), 6)
    band = "high" if value >= HIGH else "medium" if value >= MEDIUM else "low"
    return Confidence(value=value, band=band if settled else "low", method=METHOD)


def _share(best: Place, votes: Sequence[Vote]) -> float:
    """Return the share of all its passes, those against drafts included that fail a must criterion."""
    own = [vote for vote in votes if vote.winner is not None and best.draft in vote.look.order]
    total = math.fsum(vote.weight for vote in own)
    return math.fsum(vote.weight * vote.points(best.draft) for vote in own) / total if total else 0.0


def features_of(places: Sequence[Place]) -> tuple[float, ...]:
    """Return what the probability is reckoned from, for two places or more."""
    best, *others = places
    # Of drafts that are level the shares may differ, and how they are numbered may not matter.
    seconds = [place.share for place in others if place.rank == others[0].rank > best.rank]
    return 1.0, math.log(len(places) / 2), best.share - max(seconds, default=others[0].share)


def probability(features: Sequence[float], weights: Sequence[float]) -> float:
    """Return the logistic function of the weighted sum."""
    return 1 / (1 + math.exp(-sum(a * b for a, b in zip(features, weights, strict=True))))
