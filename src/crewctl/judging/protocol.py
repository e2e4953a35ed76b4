"""The port of a judging protocol: which looks to take at the drafts, and how their votes rank them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal
from typing import Protocol as Port

from pydantic import Field

from crewctl.judging.port import Frozen

TIE = "tie"
"""The winner of a pass that prefers no draft."""
LookKind = Literal["pairwise", "listwise", "tiebreak", "second_opinion", "merge"]


class Look(Frozen):
    """One look at some drafts, in the order in which they are shown.

    ``pairwise`` and ``tiebreak`` show two, the latter with a closer question; ``listwise`` shows any
    number; ``second_opinion`` shows two to judges who were not asked before; ``merge`` shows the best
    draft and a text merged from all of them.
    """

    order: Annotated[tuple[str, ...], Field(min_length=2)]
    kind: LookKind = "pairwise"

    @property
    def key(self) -> str:
        """The look's name, unique among those of one judge in one judging."""
        drafts = "-".join(self.order)
        return f"{drafts}.closer" if self.kind == "tiebreak" else drafts

    def pass_id(self, judge: str, *, named: bool) -> str:
        """Return the id of one judge's pass; `named` puts its name first, for judgings with several judges."""
        return f"{judge}.{self.key}" if named else self.key

    @property
    def swapped(self) -> Look:
        """The same drafts in the reverse order."""
        return Look(order=self.order[::-1], kind=self.kind)


class Vote(Frozen):
    """What one judge said on one look: a draft's id, ``tie``, or None when the pass is void."""

    look: Look
    winner: str | None
    judge: str = ""
    weight: float = 1.0

    def points(self, draft: str) -> float:
        """Return 1 for a win, an equal part for a tie, 0 otherwise."""
        if self.winner == TIE:
            return 1 / len(self.look.order)
        return float(self.winner == draft)


class Place(Frozen):
    """Where one draft stands. Drafts of one `rank` are tied; `score` is what the protocol ranks by first.

    `wins`, `losses` and `ties` count the passes of all judges; `share` is the part of their points that
    the draft won, by the judges' weights, and 0 without any. `p_best` is the probability that the draft
    is the best, from protocols that estimate one.
    """

    draft: str
    rank: Annotated[int, Field(ge=1)] = 1
    wins: int
    losses: int
    ties: int
    share: float
    swap_consistent_wins: int
    score: float
    field_score: float | None = None
    p_best: float | None = None


class Protocol(Port):
    """Plans every call before it is made, round by round, and folds the votes.

    How many looks it may take is `crewctl.planning.judge_calls.most_looks`, for a plan must say it.
    """

    @property
    def name(self) -> str:
        """The protocol's name in the catalogue."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever the same votes could be planned or folded differently."""
        ...

    def next_round(self, drafts: Sequence[str], votes: Sequence[Vote]) -> tuple[Look, ...]:
        """Return the looks to take next, given all votes so far; nothing when the protocol is done.

        Only the order and number of `drafts` may matter, never what their ids are.
        """
        ...

    def places(self, drafts: Sequence[str], votes: Sequence[Vote]) -> tuple[Place, ...]:
        """Return every draft's place, best first. `votes` may speak of drafts that are not asked about."""
        ...
