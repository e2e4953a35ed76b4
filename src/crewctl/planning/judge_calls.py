"""How many calls a judging may make: known before any is made, so that a plan can say it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import comb

from crewctl.planning.plan import MarketDecision, PlannedMarket

_PAIR = 2
_BOTH_ORDERS = 4
_FINAL_OF_THREE = 3
_CONSENSUS = 1
_MERGE = 1

_LOOKS: Mapping[str, Callable[[int], int]] = {
    "balanced_top3": lambda drafts: comb(drafts, 2) + _FINAL_OF_THREE,
    "all_pairs": lambda drafts: drafts * (drafts - 1),
    "listwise_rotations": lambda drafts: drafts + 2,
    "single": lambda _: 1,
    # The adaptive protocol may never cost more than the default.
    "adaptive": lambda drafts: comb(drafts, 2) + _FINAL_OF_THREE,
}
"""The most looks of each protocol over three drafts or more."""


def most_looks(protocol: str, drafts: int) -> int:
    """Return the most looks one judge may take at so many drafts, repairs not counted."""
    if drafts < _PAIR:
        return 0
    if protocol == "single":
        return 1
    if protocol == "all_pairs" or drafts > _PAIR:
        return _LOOKS[protocol](drafts)
    return _BOTH_ORDERS


def judge_calls(market: PlannedMarket) -> int:
    """Return the most calls of a market's judges and its editor, if each is understood at once.

    An answer that is not understood is asked for once more, so that twice as many may be made.
    """
    roles = [judge.role for judge in market.judges]
    return most_calls(
        market.protocol,
        len(market.contestants),
        judges=roles.count("judge"),
        second=roles.count("second_opinion"),
        decision=market.decision,
    )


def most_calls(protocol: str, drafts: int, *, judges: int, second: int, decision: MarketDecision) -> int:
    """Return the most calls over so many drafts, repairs not counted; `second` judges give second opinions."""
    if drafts < _PAIR:
        return 0
    if decision == "consensus":
        return _CONSENSUS
    merged = _MERGE + judges * _PAIR if decision == "merge" else 0
    # Each judge notes down what a good answer needs before it sees a draft.
    return most_looks(protocol, drafts) * judges + second * _PAIR + merged + judges + second
