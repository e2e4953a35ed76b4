"""PRD's odd questions: the answers of five or four models, judged by three recorded judges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations
from random import Random

from baselines import BalancedTop2, Knockout, OneRandomOrder
from fixtures import FIVE, FOUR, JUDGES, people_best, prd_questions, prd_say
from measure import Measured, measured
from replay import Replayed, replay

from crewctl.judging.protocol import Protocol
from crewctl.judging.protocols import PROTOCOLS

FIELDS = {"PRD N=5": FIVE, "PRD N=4": FOUR}

DRAWN = 16
"""How many numberings of five drafts are drawn for each question where not all are taken."""


def offered() -> list[Protocol]:
    """Return the product's protocols for several drafts that look at two at a time."""
    drafts = [f"D{number}" for number in range(1, 6)]
    return [
        protocol
        for protocol in PROTOCOLS.values()
        if protocol.name != "both_orders"
        and all(look.kind == "pairwise" for look in protocol.next_round(drafts, []))
    ]


def baselines() -> list[Protocol]:
    """Return protocols to compare with."""
    return [Knockout(1, both=False), Knockout(1, both=True), OneRandomOrder(1), BalancedTop2()]


def single_judges(protocol: Protocol, names: Sequence[str], *, fold: bool = True) -> Measured:
    """Measure a protocol with each judge alone, over the numberings of the drafts."""
    return measured(_runs(protocol, tuple(names), [(judge,) for judge in JUDGES], fold=fold))


def panel(protocol: Protocol, names: Sequence[str]) -> Measured:
    """Measure a protocol with the three judges as one panel."""
    return measured(_runs(protocol, tuple(names), [JUDGES], fold=True))


def _runs(
    protocol: Protocol, names: tuple[str, ...], seats: Sequence[tuple[str, ...]], *, fold: bool
) -> Iterator[tuple[str, frozenset[str], Replayed]]:
    fold = fold and protocol.name in PROTOCOLS
    for question in prd_questions():
        best, say = people_best(question, names), prd_say(question)
        for order in _numberings(protocol, names, question, slow=len(seats[0]) > 1):
            for judges in seats:
                yield question, best, replay(protocol, order, say, judges, fold=fold)


def _numberings(
    protocol: Protocol, names: tuple[str, ...], question: str, *, slow: bool
) -> list[tuple[str, ...]]:
    """Return all numberings of the drafts; some drawn by lot where a judging takes long."""
    if protocol.name == "all_pairs":
        return [names]  # every look is taken whatever the numbering, so one is as good as all
    every = list(permutations(names))
    if not slow and protocol.name != "adaptive":
        return every
    lot = Random(f"{question} {names}")  # noqa: S311 - a reproducible lot, nothing secret
    return lot.sample(every, min(DRAWN, len(every)))
