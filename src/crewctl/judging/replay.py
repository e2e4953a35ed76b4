"""Which looks a verdict's judging had to take, worked out again from the votes, and where it did not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from crewctl.judging.choice import votes_of
from crewctl.judging.ground import ground_of
from crewctl.judging.protocol import Look
from crewctl.judging.second_opinions import second_looks
from crewctl.judging.verdict import Pass, Verdict

_PAIR = 2


def departure(verdict: Verdict) -> str:
    """Say where the passes depart from what the protocol asked for; nothing when they do not.

    Passes of people, and of judges on a merged text, are no part of it.
    """
    held = [one for one in verdict.passes if one.kind not in ("human", "merge")]
    taken, named = 0, len(verdict.judges) > 1
    for judge, look in _asked(verdict, held):
        key = look.pass_id(judge, named=named)
        if taken >= len(held):
            return f"pass {key} was asked for and is not there"
        found = held[taken]
        wanted_swap = look.swapped.pass_id(judge, named=named) if len(look.order) == _PAIR else None
        if (found.judge, found.kind, found.order) != (judge, look.kind, look.order):
            return f"pass {key} was asked for, and {found.id} stands in its place"
        if found.id != key or found.swap_of != wanted_swap:
            return f"pass {key} is called {found.id}, the swap of {found.swap_of}"
        taken += 1
    return f"pass {held[taken].id} was not asked for" if taken < len(held) else ""


def _asked(verdict: Verdict, held: Sequence[Pass]) -> Iterator[tuple[str, Look]]:
    """Give every judge and look in the order in which they were asked, as long as `held` goes."""
    ground = ground_of(verdict)
    drafts = list(ground.words)
    judges = [judge.id for judge in verdict.judges if judge.role == "judge"]
    if ground.agreement or not judges or len(drafts) < _PAIR:
        return
    taken = 0
    while taken <= len(held) and (
        looks := ground.protocol.next_round(drafts, votes_of(held[:taken], ground))
    ):
        yield from product(judges, looks)
        taken += len(judges) * len(looks)
    second = [judge.id for judge in verdict.judges if judge.role == "second_opinion"]
    if second:
        yield from product(second, second_looks(held[:taken], ground))
