"""The protocol `single`: one look at all drafts in one order, which is weak evidence."""

from __future__ import annotations

from collections.abc import Sequence

from crewctl.judging.heard import Heard, ranked
from crewctl.judging.protocol import Look, Place, Vote


class Single:
    """One look. Nothing tells a preference for a draft from one for its place in the list."""

    name = "single"
    version = "1"

    def next_round(self, drafts: Sequence[str], votes: Sequence[Vote]) -> tuple[Look, ...]:
        """Return the one look at all drafts."""
        return () if votes else (Look(order=tuple(drafts), kind="listwise"),)

    def places(self, drafts: Sequence[str], votes: Sequence[Vote]) -> tuple[Place, ...]:
        """Return the winner, then all others level."""
        heard = Heard(vote for vote in votes if vote.look.kind == "listwise")
        orders = {vote.look.order for vote in heard.counted}
        won = {draft: sum(heard.points(draft, order) or 0.0 for order in orders) for draft in drafts}
        return ranked({draft: (points,) for draft, points in won.items()}, heard)
