"""The port to whatever keeps approval statements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from crewctl.approval.statement import AnyStatement, Revocation, Statement, Suspension, Unsuspension


class Approvals(Protocol):
    """Where statements live, and how often each has been used. What cannot be read counts as a no."""

    def store_id(self) -> str:
        """Return the id of the machine's store, made once; runs are counted there and nowhere else."""
        ...

    def crews(self) -> Sequence[str]:
        """Return, sorted, every crew that a readable statement of any kind speaks of."""
        ...

    def statements(self, crew: str) -> Sequence[Statement]:
        """Return every readable statement for the crew, oldest first."""
        ...

    def revocations(self, crew: str) -> Sequence[Revocation]:
        """Return every revocation for the crew."""
        ...

    def suspensions(self, crew: str) -> Sequence[Suspension]:
        """Return every readable suspension of the crew, oldest first, the lifted ones too."""
        ...

    def unsuspensions(self, crew: str) -> Sequence[Unsuspension]:
        """Return every readable lifting of a suspension of the crew."""
        ...

    def unreadable_suspensions(self, crew: str) -> Sequence[str]:
        """Return one sentence for each file that suspends the crew by its name, though it cannot be read."""
        ...

    def notes(self, crew: str) -> Sequence[str]:
        """Return one sentence for each file for the crew that could not be taken, and why."""
        ...

    def add(self, statement: AnyStatement) -> str:
        """Write it as a new file, never over another; return the project-relative path."""
        ...

    def uses(self, statement_id: str) -> int:
        """Return how many runs have been let through on it."""
        ...

    def statement_of(self, run_id: str) -> str | None:
        """Return the id of the statement that this run was first counted against."""
        ...

    def use(self, statement_id: str, run_id: str, max_runs: int | None) -> bool:
        """Count one run against it in one transaction; False when it is used up. Idempotent per run."""
        ...
