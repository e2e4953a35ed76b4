"""What a run has spent, by agent and by model, computed from its events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from crewctl.audit.events import Recorded, TurnGranted, TurnTaken
from crewctl.audit.fact import Fact

K = TypeVar("K")


class Turn(Fact):
    """One model call from its grant to its end; `taken` None means that it never came back."""

    granted: TurnGranted
    taken: TurnTaken | None = None

    @property
    def usage_known(self) -> bool:
        """Whether the provider said how many tokens it took."""
        return (
            self.taken is not None
            and self.taken.prompt_tokens is not None
            and self.taken.completion_tokens is not None
        )

    @property
    def tokens(self) -> int:
        """Tokens that count as spent: what was used, else everything that was reserved."""
        if self.taken is None or not self.usage_known:
            return self.granted.reserved_tokens
        return (self.taken.prompt_tokens or 0) + (self.taken.completion_tokens or 0)

    @property
    def cost(self) -> int | None:
        """Pico-dollars that count as spent; None when the price is unknown."""
        if self.taken is not None and self.taken.cost is not None:
            return self.taken.cost
        return None if self.usage_known else self.granted.reserved_cost


class Spent(Fact):
    """A sum over turns; money in pico-dollars.

    `tokens` and `cost` count a call that never came back, and one whose usage nobody told, at
    its whole reservation; `unsettled` and `unknown_usage` say how many there were. `cost` is None
    as soon as one price is unknown, and `known_cost` is then the part that is known.
    """

    turns: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    tokens: int = 0
    cost: int | None = 0
    known_cost: int = 0
    unsettled: int = 0
    unsettled_tokens: int = 0
    unsettled_cost: int | None = 0
    unknown_usage: int = 0
    over_reservation: int = 0
    simulated_turns: int = 0
    failed_turns: int = 0


class BillLine(Spent):
    """What one agent spent on one model."""

    agent: str
    model: str


class Bill(Fact):
    """Everything that was spent, in the order in which it was first spent on."""

    lines: tuple[BillLine, ...]
    by_agent: dict[str, Spent]
    by_model: dict[str, Spent]
    total: Spent


def fold_turns(records: Iterable[Recorded]) -> tuple[Turn, ...]:
    """Pair every grant with the end of its call, in the order of the grants."""
    turns: dict[int, Turn] = {}
    for record in records:
        event = record.event
        if isinstance(event, TurnGranted):
            turns[event.grant] = Turn(granted=event)
        elif isinstance(event, TurnTaken) and event.grant in turns:
            turns[event.grant] = turns[event.grant].model_copy(update={"taken": event})
    return tuple(turns.values())


def fold_bill(records: Iterable[Recorded]) -> Bill:
    """Compute the bill of a run from its events."""
    turns = fold_turns(records)
    pairs = _grouped(turns, lambda turn: (turn.granted.agent, turn.granted.model))
    return Bill(
        lines=tuple(
            BillLine(agent=agent, model=model, **spent_on(some).model_dump())
            for (agent, model), some in pairs.items()
        ),
        by_agent={
            name: spent_on(some) for name, some in _grouped(turns, lambda turn: turn.granted.agent).items()
        },
        by_model={
            name: spent_on(some) for name, some in _grouped(turns, lambda turn: turn.granted.model).items()
        },
        total=spent_on(turns),
    )


def spent_on(turns: Sequence[Turn]) -> Spent:
    """Sum turns up."""
    taken = [turn.taken for turn in turns if turn.taken is not None]
    unsettled = [turn for turn in turns if turn.taken is None]
    return Spent(
        turns=len(turns),
        prompt_tokens=sum(one.prompt_tokens or 0 for one in taken),
        completion_tokens=sum(one.completion_tokens or 0 for one in taken),
        tokens=sum(turn.tokens for turn in turns),
        cost=_sum_if_known(turn.cost for turn in turns),
        known_cost=sum(turn.cost or 0 for turn in turns),
        unsettled=len(unsettled),
        unsettled_tokens=sum(turn.tokens for turn in unsettled),
        unsettled_cost=_sum_if_known(turn.cost for turn in unsettled),
        unknown_usage=sum(turn.taken is not None and not turn.usage_known for turn in turns),
        over_reservation=sum(one.over_reservation for one in taken),
        simulated_turns=sum(one.simulated for one in taken),
        failed_turns=sum(bool(one.error) for one in taken),
    )


def _sum_if_known(costs: Iterable[int | None]) -> int | None:
    total = 0
    for cost in costs:
        if cost is None:
            return None
        total += cost
    return total


def _grouped(turns: Iterable[Turn], key: Callable[[Turn], K]) -> dict[K, list[Turn]]:
    groups: dict[K, list[Turn]] = {}
    for turn in turns:
        groups.setdefault(key(turn), []).append(turn)
    return groups
