"""State a yes to a plan, or take one back."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from crewctl.approval.port import Approvals
from crewctl.approval.statement import Approver, Revocation, Statement, named
from crewctl.audit.reasons import checked_reason
from crewctl.errors import NotApprovedError, NotFoundError, UsageError
from crewctl.planning.digest import sealed
from crewctl.planning.plan import Plan

DEFAULT_LIFE = timedelta(days=30)
LONGEST_LIFE = timedelta(days=366)


@dataclass(frozen=True)
class Terms:
    """How far a yes goes: until when, for how many runs, and whether for these inputs alone."""

    expires_in: timedelta = DEFAULT_LIFE
    max_runs: int | None = None
    for_inputs: bool = False


def approve(
    plan: Plan, terms: Terms, *, approver: Approver, reason: str, store: str, now: datetime
) -> Statement:
    """Return a yes to exactly this plan, to be added to the approvals.

    A yes to any valid inputs leaves the values out: nobody looked at them, and statements are
    committed. UsageError for a reason or terms that will not do; NotApprovedError for a crew that
    is prohibited.
    """
    if plan.risk.level == "prohibited":
        raise NotApprovedError(
            f"crew {plan.crew!r} is prohibited, and nobody can approve it",
            help=f"see risk_level in registry/entries/{plan.crew}.yaml",
        )
    _check(terms)
    shown = sealed(plan if terms.for_inputs else plan.model_copy(update={"inputs": {}}))
    unnamed = Statement(
        id="",
        crew=plan.crew,
        crew_digest=shown.crew_digest,
        inputs_digest=shown.inputs_digest if terms.for_inputs else None,
        approved_by=approver,
        approved_at=now,
        reason=checked_reason(reason),
        not_before=now,
        expires=now + terms.expires_in,
        max_runs=terms.max_runs,
        store=store,
        nonce=secrets.token_hex(16),
        plan=shown,
    )
    return named(unnamed)


def to_revoke(approvals: Approvals, crew: str, prefix: str | None, now: datetime) -> list[Statement]:
    """Return every standing statement for the crew, or the one whose id begins with `prefix`.

    NotFoundError when there is none, or when a prefix could be any of several.
    """
    revoked = {revocation.revokes for revocation in approvals.revocations(crew)}
    standing = [
        statement
        for statement in approvals.statements(crew)
        if statement.id not in revoked and statement.expires > now
    ]
    meant = [statement for statement in standing if prefix is None or statement.id.startswith(prefix)]
    listing = f"see them with 'crewctl approvals {crew}'"
    if not meant:
        what = f"starts with {prefix!r}" if prefix else "is standing"
        raise NotFoundError(f"no approval of crew {crew!r} {what}", help=listing)
    if prefix is not None and len(meant) > 1:
        raise NotFoundError(f"{len(meant)} approvals of crew {crew!r} start with {prefix!r}", help=listing)
    return meant


def revoke(statement: Statement, *, approver: Approver, reason: str, now: datetime) -> Revocation:
    """Return the taking back of `statement`, to be added beside it; UsageError for an unfit reason."""
    unnamed = Revocation(
        id="",
        crew=statement.crew,
        revokes=statement.id,
        revoked_by=approver,
        revoked_at=now,
        reason=checked_reason(reason),
    )
    return named(unnamed)


def _check(terms: Terms) -> None:
    if not timedelta(0) < terms.expires_in <= LONGEST_LIFE:
        raise UsageError(
            f"an approval lasts more than no time and at most {LONGEST_LIFE.days} days",
            help="give it with: --expires 30d",
        )
    if terms.max_runs is not None and terms.max_runs < 1:
        raise UsageError("an approval is for at least one run", help="give it with: --max-runs 1")
