"""What stands in a protocol's place in a consensus: drafts are not compared, and nobody is ahead."""

from __future__ import annotations

from collections.abc import Sequence

from crewctl.judging.protocol import Look, Place, Vote


class Unranked:
    """Takes no look at the drafts, and gives them no places."""

    name = "consensus"
    version = "1"

    def next_round(self, drafts: Sequence[str], votes: Sequence[Vote]) -> tuple[Look, ...]:
        """Return no look."""
        del drafts, votes
        return ()

    def places(self, drafts: Sequence[str], votes: Sequence[Vote]) -> tuple[Place, ...]:
        """Return no place."""
        del drafts, votes
        return ()
