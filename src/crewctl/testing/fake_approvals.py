"""Approvals in memory: none at all, or a yes to given plans."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from crewctl.approval.statement import (
    AnyStatement,
    Approver,
    Revocation,
    Statement,
    Suspension,
    Unsuspension,
)
from crewctl.errors import StoreError
from crewctl.planning.plan import Plan

SOMEBODY = Approver(name="ada", identity="os_user", host="test")
THEN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
STORE = "test-store"
LATER = THEN + timedelta(days=30)


class MemoryApprovals:
    """The Approvals port over lists."""

    def __init__(self, *said: AnyStatement) -> None:
        self._said = list(said)
        self._used: dict[str, list[str]] = {}

    def store_id(self) -> str:
        """Return the id of this store."""
        return STORE

    def notes(self, crew: str) -> Sequence[str]:
        """Return nothing: no file is unreadable here."""
        del crew
        return ()

    def crews(self) -> Sequence[str]:
        """Return every crew that anything was said about, sorted."""
        return sorted({each.crew for each in self._said})

    def statements(self, crew: str) -> Sequence[Statement]:
        """Return every statement for the crew, oldest first."""
        return [each for each in self._said if isinstance(each, Statement) and each.crew == crew]

    def revocations(self, crew: str) -> Sequence[Revocation]:
        """Return every revocation for the crew."""
        return [each for each in self._said if isinstance(each, Revocation) and each.crew == crew]

    def suspensions(self, crew: str) -> Sequence[Suspension]:
        """Return every suspension of the crew, oldest first."""
        found = [each for each in self._said if isinstance(each, Suspension) and each.crew == crew]
        return sorted(found, key=lambda each: (each.suspended_at, each.id))

    def unsuspensions(self, crew: str) -> Sequence[Unsuspension]:
        """Return every lifting of a suspension of the crew."""
        return [each for each in self._said if isinstance(each, Unsuspension) and each.crew == crew]

    def unreadable_suspensions(self, crew: str) -> Sequence[str]:
        """Return nothing: no file is unreadable here."""
        del crew
        return ()

    def add(self, statement: AnyStatement) -> str:
        """Keep it, never over another; the path is made up."""
        paths = {_path(each) for each in self._said}
        if _path(statement) in paths:
            raise StoreError(f"{_path(statement)} exists already")
        self._said.append(statement)
        return _path(statement)

    def uses(self, statement_id: str) -> int:
        """Return how many runs have been let through on it."""
        return len(self._used.get(statement_id, ()))

    def statement_of(self, run_id: str) -> str | None:
        """Return the statement that the run was first counted against."""
        return next((statement for statement, runs in self._used.items() if run_id in runs), None)

    def use(self, statement_id: str, run_id: str, max_runs: int | None) -> bool:
        """Count one run against it; False when it is used up."""
        used = self._used.setdefault(statement_id, [])
        if run_id not in used:
            if max_runs is not None and len(used) >= max_runs:
                return False
            used.append(run_id)
        return True


def _path(said: AnyStatement) -> str:
    name = f"{said.revokes}-revoked" if isinstance(said, Revocation) else said.id
    return f"registry/approvals/{said.crew}-{name}.json"


class NoApprovals(MemoryApprovals):
    """Nobody has said yes to anything."""

    def __init__(self) -> None:
        super().__init__()


class AllApprovals(MemoryApprovals):
    """Somebody said yes to each of these plans, for thirty days."""

    def __init__(self, *plans: Plan, max_runs: int | None = None) -> None:
        super().__init__(*(yes_to(plan, max_runs=max_runs) for plan in plans))


def yes_to(plan: Plan, *, max_runs: int | None = None, id: str = "yes-1") -> Statement:  # noqa: A002 - as in the file
    """Return a statement that covers `plan` with any inputs."""
    return Statement(
        id=id,
        crew=plan.crew,
        crew_digest=plan.crew_digest,
        inputs_digest=None,
        approved_by=SOMEBODY,
        approved_at=THEN,
        reason="read and found good",
        not_before=THEN,
        expires=LATER,
        max_runs=max_runs,
        store=STORE,
        nonce="0",
        plan=plan,
    )


def no_more(statement: Statement) -> Revocation:
    """Return the revocation of a statement."""
    return Revocation(
        id=f"no-{statement.id}",
        crew=statement.crew,
        revokes=statement.id,
        revoked_by=SOMEBODY,
        revoked_at=THEN + timedelta(hours=1),
        reason="read again",
    )
