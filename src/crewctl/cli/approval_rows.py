"""The rows of ``crewctl approvals``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from crewctl.approval.statement import Statement
from crewctl.approval.suspension import standing
from crewctl.cli.meant_crew import known_crews, meant_crew
from crewctl.cli.suspended_view import suspensions_of
from crewctl.errors import CrewctlError

if TYPE_CHECKING:  # only its shape is needed
    from crewctl.wiring import Project


def approval_rows(project: Project, crew: str | None) -> list[dict[str, Any]]:
    """Return one row for each approval and each suspension, newest first; NotFoundError for an unknown crew."""
    names = known_crews(project) if crew is None else [meant_crew(project, crew)]
    rows = [row for name in names for row in (*_rows(project, name), *_suspensions(project, name))]
    return sorted(rows, key=lambda row: (str(row["at"]), str(row["kind"])), reverse=True)


def _rows(project: Project, crew: str) -> list[dict[str, Any]]:
    statements = project.approvals.statements(crew)
    if not statements:
        return []
    revoked = {each.revokes for each in project.approvals.revocations(crew)}
    digest = _digest_now(project, crew)
    rows = [_row(project, statement, revoked, digest) for statement in statements]
    if suspensions_of(project, crew):
        rows = [{**row, "state": "suspended"} if row["state"] == "standing" else row for row in rows]
    return rows


def _suspensions(project: Project, crew: str) -> list[dict[str, Any]]:
    stand = {each.id for each in standing(project.approvals, crew)}
    return [
        {
            "id": each.id,
            "kind": "suspension",
            "crew": crew,
            "state": "suspends" if each.id in stand else "lifted",
            "by": each.suspended_by.name,
            "at": _iso(each.suspended_at),
            **dict.fromkeys(("approved_by", "approved_at", "expires", "runs", "inputs", "crew_digest")),
            "reason": each.reason,
        }
        for each in project.approvals.suspensions(crew)
    ]


def _row(project: Project, statement: Statement, revoked: set[str], digest: str | None) -> dict[str, Any]:
    used = project.approvals.uses(statement.id)
    spent = statement.max_runs is not None and used >= statement.max_runs
    # As at the gate: how often it was used is known only on the machine that counts.
    elsewhere = statement.max_runs is not None and statement.store != project.approvals.store_id()
    return {
        "id": statement.id,
        "kind": "approval",
        "crew": statement.crew,
        "state": "revoked"
        if statement.id in revoked
        else _state(statement, spent=spent, elsewhere=elsewhere, digest=digest),
        "by": statement.approved_by.name,
        "at": _iso(statement.approved_at),
        "approved_by": statement.approved_by.name,
        "approved_at": _iso(statement.approved_at),
        "expires": _iso(statement.expires),
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


def _iso(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _digest_now(project: Project, crew: str) -> str | None:
    try:
        return project.plan(crew, None).crew_digest
    except CrewctlError:
        return None
