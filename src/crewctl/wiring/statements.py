"""States approvals and takes them back, in the name of the person at the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from crewctl.adapters.os_identity import os_approver
from crewctl.approval import state
from crewctl.approval.statement import Statement
from crewctl.errors import NotFoundError
from crewctl.planning.plan import Plan
from crewctl.wiring.project import Said, Terms

if TYPE_CHECKING:
    from crewctl.wiring.project import Project


def approve(project: Project, plan: Plan, terms: Terms) -> Said:
    """Write a statement for the plan; UsageError for unfit terms, NotApprovedError for a prohibited crew."""
    statement = state.approve(
        plan,
        state.Terms(
            expires_in=timedelta(seconds=terms.expires), max_runs=terms.max_runs, for_inputs=terms.for_inputs
        ),
        approver=os_approver(project.root),
        reason=terms.reason,
        store=project.approvals.store_id(),
        now=datetime.now(UTC),
    )
    return Said(statement.id, project.approvals.add(statement), statement.approved_by.name, statement)


def revoke(project: Project, crew: str, prefix: str | None, reason: str) -> Sequence[Said]:
    """Write a revocation for each standing statement that is meant; NotFoundError when there is none."""
    now = datetime.now(UTC)
    said = []
    for statement in _meant(project, crew, prefix, now):
        revocation = state.revoke(statement, approver=os_approver(project.root), reason=reason, now=now)
        file = project.approvals.add(revocation)
        said.append(Said(revocation.id, file, revocation.revoked_by.name, revocation))
    return said


def _meant(project: Project, crew: str, prefix: str | None, now: datetime) -> list[Statement]:
    revoked = {revocation.revokes for revocation in project.approvals.revocations(crew)}
    standing = [
        statement
        for statement in project.approvals.statements(crew)
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
