"""States approvals and takes them back, in the name of the person at the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from crewctl.adapters.os_identity import os_person
from crewctl.approval import state
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
        approver=os_person(project.root),
        reason=terms.reason,
        store=project.approvals.store_id(),
        now=datetime.now(UTC),
    )
    return Said(statement.id, project.approvals.add(statement), statement.approved_by.name, statement)


def revoke(project: Project, crew: str, prefix: str | None, reason: str) -> Sequence[Said]:
    """Write a revocation for each standing statement that is meant; NotFoundError when there is none."""
    now = datetime.now(UTC)
    said = []
    for statement in state.to_revoke(project.approvals, crew, prefix, now):
        revocation = state.revoke(statement, approver=os_person(project.root), reason=reason, now=now)
        file = project.approvals.add(revocation)
        said.append(Said(revocation.id, file, revocation.revoked_by.name, revocation))
    return said
