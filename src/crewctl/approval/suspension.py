"""Suspend a crew, and lift that as somebody else: while one suspension stands, no approval lets it run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from crewctl.approval.port import Approvals
from crewctl.approval.statement import Approver, Suspension, Unsuspension, named
from crewctl.audit.reasons import checked_reason
from crewctl.errors import NotApprovedError, NotFoundError

RESTORE = "get it back as it was committed, for nobody can lift what cannot be read"


def standing(approvals: Approvals, crew: str) -> tuple[Suspension, ...]:
    """Return the readable suspensions of the crew that nobody else has lifted, oldest first."""
    lifted = approvals.unsuspensions(crew)
    return tuple(
        each
        for each in approvals.suspensions(crew)
        if not any(
            one.lifts == each.id and one.crew == each.crew and is_another(one.lifted_by, each)
            for one in lifted
        )
    )


def said_of_suspensions(approvals: Approvals, crew: str) -> list[str]:
    """Return one sentence for each suspension that stands, oldest first, and for each that cannot be read."""
    said = [
        f"suspended by {each.suspended_by.name} on {each.suspended_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC: {each.reason}"
        for each in standing(approvals, crew)
    ]
    return [*said, *approvals.unreadable_suspensions(crew)]


def is_another(person: Approver, suspension: Suspension) -> bool:
    """Tell whether this is another person than the one who suspended."""
    return person.name != suspension.suspended_by.name


def suspend(crew: str, *, approver: Approver, reason: str, now: datetime) -> Suspension:
    """Return the suspension of `crew`, to be added to the approvals; UsageError for an unfit reason."""
    unnamed = Suspension(
        id="", crew=crew, suspended_by=approver, suspended_at=now, reason=checked_reason(reason)
    )
    return named(unnamed)


def to_lift(approvals: Approvals, crew: str, person: Approver) -> Sequence[Suspension]:
    """Return the standing suspensions that `person` may lift: those that somebody else stated.

    NotFoundError when none stands; NotApprovedError when all that stand are the person's own, or cannot
    be read.
    """
    unreadable = approvals.unreadable_suspensions(crew)
    found = standing(approvals, crew)
    others = [each for each in found if is_another(person, each)]
    if others:
        return others
    if found:
        raise NotApprovedError(
            f"{person.name} suspended crew {crew!r}, and only another person can lift that",
            help=f'ask somebody else to look at it and run: crewctl unsuspend {crew} --reason "…"',
        )
    if unreadable:
        raise NotApprovedError(unreadable[0], help=RESTORE)
    raise NotFoundError(f"crew {crew!r} is not suspended", help=f"see: crewctl approvals {crew}")


def lift(suspension: Suspension, *, approver: Approver, reason: str, now: datetime) -> Unsuspension:
    """Return the lifting of `suspension`, to be added beside it; NotApprovedError for whoever stated it."""
    if not is_another(approver, suspension):
        raise NotApprovedError(
            f"{approver.name} suspended crew {suspension.crew!r}, and only another person can lift that"
        )
    unnamed = Unsuspension(
        id="",
        crew=suspension.crew,
        lifts=suspension.id,
        lifted_by=approver,
        lifted_at=now,
        reason=checked_reason(reason),
    )
    return named(unnamed)
