"""Four eyes: where the registry wants them, whoever asked for a run neither answers its cards nor decides it."""

from __future__ import annotations

from collections.abc import Sequence

from crewctl.audit.events import KickoffRequested, Recorded
from crewctl.audit.port import ContentStore
from crewctl.errors import CrewctlError
from crewctl.planning.kept_plan import plan_of


def request_of(records: Sequence[Recorded]) -> KickoffRequested:
    """Return who asked for the run."""
    return next(record.event for record in records if isinstance(record.event, KickoffRequested))


def refuse_who_asked(
    records: Sequence[Recorded], contents: ContentStore, person: str, *, what: str, look: str
) -> None:
    """Refuse the word of whoever asked for the run; `what` somebody else has to do, `look` shows it to them."""
    request = request_of(records)
    if person == request.by and plan_of(records, contents).people.four_eyes:
        raise CrewctlError(
            f"{person} asked for run {records[0].run_id}, and the registry wants four eyes on crew "
            f"'{request.crew}': somebody else has to {what}",
            help=f"have a colleague look at it: {look}",
        )
