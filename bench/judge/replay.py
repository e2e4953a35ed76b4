"""Take drafts through a protocol of the product, look by look, with votes from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from crewctl.judging.choice import choose_from, votes_of
from crewctl.judging.ground import Ground
from crewctl.judging.protocol import TIE, Look, Place, Protocol, Vote
from crewctl.judging.verdict import Choice, Pass

Say = Callable[[str, Look], str | None]
"""Answers for a judge: the winner's name among the names shown, ``tie``, or None for a void pass."""


@dataclass(frozen=True)
class Replayed:
    """One judging of drafts in one numbering. `first` are the drafts that the protocol puts first.

    `chosen` is None when the product would ask a person; `choice` is None for protocols that are not
    the product's, for which its rule says nothing.
    """

    first: tuple[str, ...]
    chosen: str | None
    calls: int
    votes: tuple[Vote, ...]
    places: tuple[Place, ...]
    choice: Choice | None

    def right(self, best: frozenset[str]) -> float:
        """Return the share of the first drafts that are among the best: what a fair draw would score."""
        return sum(draft in best for draft in self.first) / len(self.first)


def replay(
    protocol: Protocol, names: Sequence[str], say: Say, judges: Sequence[str] = ("judge",), *, fold: bool
) -> Replayed:
    """Judge the named drafts, numbered as they come; with `fold`, by the product's whole rule."""
    ids = {f"D{number}": name for number, name in enumerate(names, start=1)}
    numbers = {name: draft for draft, name in ids.items()}
    passes: list[Pass] = []
    votes: list[Vote] = []
    ground = Ground(words=dict.fromkeys(ids, 1), criteria=(), protocol=protocol)
    while looks := protocol.next_round(list(ids), votes):
        passes += [_held(look, judge, say, ids, numbers) for judge in judges for look in looks]
        votes = votes_of(passes, ground)
    choice = choose_from(passes, ground) if fold else None
    places = choice.aggregate.table if choice else protocol.places(list(ids), votes)
    chosen = choice.selected_draft if choice else None
    return Replayed(
        first=tuple(ids[place.draft] for place in places if place.rank == 1),
        chosen=None if chosen is None else ids[chosen],
        calls=len(passes),
        votes=tuple(votes),
        places=places,
        choice=choice,
    )


def _held(look: Look, judge: str, say: Say, ids: Mapping[str, str], numbers: Mapping[str, str]) -> Pass:
    named = Look.model_construct(order=tuple(ids[draft] for draft in look.order), kind=look.kind)
    winner = say(judge, named)
    # Thousands of passes a second: what the product made and the table holds is not validated again.
    return Pass.model_construct(
        id=f"{judge}.{look.key}",
        judge=judge,
        kind=look.kind,
        order=look.order,
        status="void" if winner is None else "counted",
        winner=winner if winner is None or winner == TIE else numbers[winner],
    )
