"""The rows of ``crewctl approvals``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from crewctl.approval.statement import Statement
from crewctl.diagnostics.nearest import nearest
from crewctl.errors import CrewctlError, NotFoundError

if TYPE_CHECKING:  # only its shape is needed
    from crewctl.wiring import Project


def approval_rows(project: Project, crew: str | None) -> list[dict[str, Any]]:
    """Return one row for each statement, newest first; NotFoundError for an unknown crew."""
    # A crew that is gone keeps its approvals, and they can still be listed.
    known = sorted(
        {*project.approvals.crews(), *(path.stem for path in (project.root / "crews").glob("*.yaml"))}
    )
    if crew is not None and crew not in known:
        meant = nearest(crew, known)
        advice = f"did you mean '{meant}'?" if meant else "see the crews with: crewctl list"
        raise NotFoundError(f"there is no crew '{crew}'", help=advice)
    rows = [row for name in ([crew] if crew else known) for row in _rows(project, name)]
    return sorted(rows, key=lambda row: str(row["approved_at"]), reverse=True)


def _rows(project: Project, crew: str) -> list[dict[str, Any]]:
    statements = project.approvals.statements(crew)
    if not statements:
        return []
    revoked = {each.revokes for each in project.approvals.revocations(crew)}
    digest = _digest_now(project, crew)
    return [_row(project, statement, revoked, digest) for statement in statements]


def _row(project: Project, statement: Statement, revoked: set[str], digest: str | None) -> dict[str, Any]:
    used = project.approvals.uses(statement.id)
    spent = statement.max_runs is not None and used >= statement.max_runs
    # As at the gate: how often it was used is known only on the machine that counts.
    elsewhere = statement.max_runs is not None and statement.store != project.approvals.store_id()
    return {
        "id": statement.id,
        "crew": statement.crew,
        "state": "revoked"
        if statement.id in revoked
        else _state(statement, spent=spent, elsewhere=elsewhere, digest=digest),
        "approved_by": statement.approved_by.name,
        "approved_at": f"{statement.approved_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "expires": f"{statement.expires.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "runs": _used(used, statement.max_runs, elsewhere=elsewhere),
        "inputs": "any" if statement.inputs_digest is None else statement.inputs_digest,
        "crew_digest": statement.crew_digest,
        "reason": statement.reason,
    }


def _used(used: int, most: int | None, *, elsewhere: bool) -> str:
    if most is None:
        return str(used)
    return f"? of {most}" if elsewhere else f"{used} of {most}"


def _state(statement: Statement, *, spent: bool, elsewhere: bool, digest: str | None) -> str:
    now = datetime.now(UTC)
    if now >= statement.expires:
        return "expired"
    if spent:
        return "used_up"
    if digest is None or digest != statement.crew_digest:
        return "drifted"
    if elsewhere:
        return "elsewhere"
    return "standing" if now >= statement.not_before else "not_yet"


def _digest_now(project: Project, crew: str) -> str | None:
    try:
        return project.plan(crew, None).crew_digest
    except CrewctlError:
        return None
