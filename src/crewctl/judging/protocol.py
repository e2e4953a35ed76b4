"""The port of a judging protocol: which passes to hold, and how their votes place the drafts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol as Port

from crewctl.judging.port import Frozen
from crewctl.judging.prompt import TIE


class Pairing(Frozen):
    """One pass to hold: two drafts, in the order in which the judge will see them."""

    first: str
    second: str

    @property
    def key(self) -> str:
        """The pass's id."""
        return f"{self.first}-{self.second}"

    @property
    def swapped(self) -> Pairing:
        """The same two drafts in the other order."""
        return Pairing(first=self.second, second=self.first)


class Vote(Frozen):
    """What one pass said: a draft's id, ``tie``, or None when the pass is void."""

    pairing: Pairing
    winner: str | None

    def points(self, draft: str) -> float:
        """Return 1 for a win, a half for a tie, 0 otherwise."""
        if self.winner == TIE:
            return 0.5
        return float(self.winner == draft)


class Place(Frozen):
    """Where one draft stands; `score` is what the protocol ranks by."""

    draft: str
    wins: int
    losses: int
    ties: int
    swap_consistent_wins: int
    score: float

    @property
    def share(self) -> float:
        """The share of its counted passes that the draft won, a tie counting half; 0 without any."""
        passes = self.wins + self.losses + self.ties
        return (self.wins + self.ties / 2) / passes if passes else 0.0


class Protocol(Port):
    """Plans every call before it is made, round by round, and folds the votes."""

    @property
    def name(self) -> str:
        """The protocol's name in the catalogue."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever the same votes could be planned or folded differently."""
        ...

    def most_passes(self, drafts: int) -> int:
        """Return how many passes the protocol may hold over so many drafts, repairs not counted."""
        ...

    def next_round(self, drafts: Sequence[str], votes: Sequence[Vote]) -> tuple[Pairing, ...]:
        """Return the passes to hold next, given all votes so far; nothing when the protocol is done."""
        ...

    def places(self, drafts: Sequence[str], votes: Sequence[Vote]) -> tuple[Place, ...]:
        """Return every draft's place, best first; drafts with one `score` are tied."""
        ...
