"""What a run has left for people, read from its events one by one: what the stores' rows are held to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crewctl.audit.events import PersonDecided, Recorded, RunClosed
from crewctl.audit.events_faults import DeadLettered
from crewctl.audit.events_people import Acknowledged, CardAnswered, NoticeLeft
from crewctl.audit.port import Leftover, LeftoverKind


def leftovers_of(run_id: str, crew: str, records: Sequence[Recorded]) -> list[Leftover]:
    """Return what nobody has dealt with; what happens a second time is as old as the first."""
    open_: dict[tuple[LeftoverKind, str], Leftover] = {}
    for record in records:
        for what, card in _left(record):
            found = Leftover(run_id=run_id, crew=crew, what=what, at=record.at, card=card)
            open_.setdefault((what, card), found)
        for settled in _settled(record):
            open_.pop(settled, None)
    return list(open_.values())


def _left(record: Recorded) -> Iterator[tuple[LeftoverKind, str]]:
    event = record.event
    if isinstance(event, NoticeLeft):
        yield "notice", ""
    elif isinstance(event, DeadLettered):
        yield "dead_letter", ""
    elif isinstance(event, CardAnswered) and event.sampled:
        yield "sampled", event.card
    elif isinstance(event, RunClosed) and event.outcome == "undecided":
        yield "undecided", ""


def _settled(record: Recorded) -> Iterator[tuple[LeftoverKind, str]]:
    event = record.event
    if isinstance(event, Acknowledged):
        yield ("sampled", event.card) if event.card else ("notice", "")
    elif isinstance(event, PersonDecided) and event.settled:
        yield "undecided", ""
