"""Judges that are made up: for protocols without recorded votes, and to see what a judge's flaws cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from random import Random

from measure import Measured, measured
from replay import Replayed, Say, replay

from crewctl.judging.protocol import Look, Protocol
from crewctl.judging.protocols import PROTOCOLS

DRAFTS = tuple("abcde")


@dataclass(frozen=True)
class Flaws:
    """What stands between a judge and the truth, in standard deviations of the drafts' true worth.

    `taste` is the same in every look at a draft, `noise` is new in every look, and the draft shown first
    gets `first` on top. With the noise of all judges alike, taste and first are the two numbers that
    give each judge its share of right pairs (`accuracy`) and of pairs in which both orders agree
    (`consistency`). In a list, noise and first count `in_a_list` times as much: fitted by the reference
    figures of `single`, which say that a list is read less sharply than a pair.
    """

    taste: float
    first: float
    accuracy: float
    consistency: float
    noise: float = 0.3
    in_a_list: float = 2.0


JUDGES = {
    "strong": Flaws(taste=0.34, first=0.16, accuracy=0.86, consistency=0.86),
    "biased": Flaws(taste=0.52, first=0.73, accuracy=0.78, consistency=0.66),
    "weak": Flaws(taste=0.95, first=0.74, accuracy=0.73, consistency=0.71),
}


@dataclass(frozen=True)
class World:
    """One made-up task: what its drafts are worth, and judges by name with a taste of their own."""

    worth: dict[str, float]
    say: Say

    @property
    def best(self) -> frozenset[str]:
        """The draft that is worth most."""
        return frozenset([max(self.worth, key=lambda draft: self.worth[draft])])


def world(flaws: Flaws, seed: str, judges: Sequence[str] = ("judge",)) -> World:
    """Draw a task; the same seed draws the same task, and the same look is answered alike."""
    draw = Random(seed)  # noqa: S311 - a reproducible simulation, nothing secret
    worth = {draft: draw.gauss(0, 1) for draft in DRAFTS}
    liked = {
        judge: {draft: worth[draft] + flaws.taste * draw.gauss(0, 1) for draft in DRAFTS} for judge in judges
    }

    def say(judge: str, look: Look) -> str:
        own = Random(f"{seed} {judge} {look.kind} {look.order}")  # noqa: S311 - as above
        times = flaws.in_a_list if look.kind == "listwise" else 1.0
        seen = {draft: liked[judge][draft] + times * flaws.noise * own.gauss(0, 1) for draft in look.order}
        seen[look.order[0]] += times * flaws.first
        return max(seen, key=lambda draft: seen[draft])

    return World(worth, say)


def measure(protocol: Protocol, flaws: Flaws, tasks: int, judges: Sequence[str] = ("judge",)) -> Measured:
    """Measure a protocol on so many made-up tasks."""
    return measured(_runs(protocol, flaws, tasks, judges))


def _runs(
    protocol: Protocol, flaws: Flaws, tasks: int, judges: Sequence[str]
) -> Iterator[tuple[str, frozenset[str], Replayed]]:
    fold = protocol.name in PROTOCOLS
    for number in range(tasks):
        made = world(flaws, f"task {number}", judges)
        # What a draft is worth is drawn anew for every task, so one numbering is as good as all.
        yield str(number), made.best, replay(protocol, DRAFTS, made.say, judges, fold=fold)


def shares(flaws: Flaws, tasks: int) -> tuple[float, float]:
    """Return the shares of right answers about pairs, and of pairs whose two orders agree."""
    right, agree = [], []
    for number in range(tasks):
        made = world(flaws, f"task {number}")
        for pair in combinations(DRAFTS, 2):
            look = Look(order=pair)
            said = [made.say("judge", look), made.say("judge", look.swapped)]
            right += [one == max(pair, key=lambda draft: made.worth[draft]) for one in said]
            agree.append(said[0] == said[1])
    return sum(right) / len(right), sum(agree) / len(agree)
