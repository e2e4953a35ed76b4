"""What may still be added to the account of a run that is closed: people's decisions, and their output file."""

from __future__ import annotations

from collections.abc import Sequence

from crewctl.audit.dead_letters import DEAD
from crewctl.audit.events import Event, OutputWritten, PersonDecided, RunClosed
from crewctl.audit.events_faults import DeadLetterSettled
from crewctl.audit.events_people import Acknowledged

CAN_FOLLOW = (PersonDecided, OutputWritten, Acknowledged, DeadLetterSettled)
"""The kinds of events that may follow a `RunClosed` at all."""


def may_follow(event: Event, closed: RunClosed, since: Sequence[Event]) -> bool:
    """Tell whether `event` may be added behind what followed the end of the run.

    Only an undecided run is decided by people: each of them once, each knowing of every ballot before,
    and none after it was settled. Then the output file is written, once. What was done without people is
    acknowledged once. What becomes of a run that was set aside is decided once.
    """
    if isinstance(event, DeadLetterSettled):
        return closed.outcome in DEAD and not any(isinstance(each, DeadLetterSettled) for each in since)
    if isinstance(event, Acknowledged):
        return event.card not in {each.card for each in since if isinstance(each, Acknowledged)}
    ballots = [each for each in since if isinstance(each, PersonDecided)]
    settled = any(each.settled for each in ballots)
    if isinstance(event, PersonDecided):
        again = event.by in {each.by for each in ballots}
        return (
            closed.outcome == "undecided" and not settled and not again and event.ballot == len(ballots) + 1
        )
    return isinstance(event, OutputWritten) and settled and event not in since
