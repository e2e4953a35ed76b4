"""What the database says of the runs, read as any other program would: beside the processes that write it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from project import CASE

from crewctl.adapters.sql_approval_uses import SqlApprovalUses
from crewctl.adapters.sql_ledger import SqlLedger
from crewctl.audit.events import Event, KickoffRequested, PlanMade, Recorded, RunClosed
from crewctl.audit.events_work import RunTaken
from crewctl.audit.port import CardPlace
from crewctl.errors import CrewctlError
from crewctl.planning.digest import plan_from_bytes
from crewctl.running.port import Totals
from crewctl.wiring.project import Project


@dataclass(frozen=True)
class Run:
    """One run, all of it, after the end."""

    run_id: str
    records: Sequence[Recorded]
    case: int
    crew: str

    @cached_property
    def events(self) -> list[Event]:
        """The events without their times."""
        return [record.event for record in self.records]

    @property
    def closing(self) -> RunClosed | None:
        """How it ended."""
        return next((event for event in self.events if isinstance(event, RunClosed)), None)


class Account:
    """One project's account; every method may be asked while others write."""

    def __init__(self, folder: Path) -> None:
        self._project = Project(folder)
        self._cases: dict[str, int] = {}

    def run_of_process(self, pid: int) -> str | None:
        """Return the run that the kickoff with this process id has announced."""
        for run_id in self._project.store.run_ids()[:40]:
            first = self._project.store.events_of(run_id)[0].event
            if isinstance(first, KickoffRequested) and first.pid == pid:
                return run_id
        return None

    def length(self, run_id: str) -> int:
        """Return how many events the run has."""
        return len(self._project.store.events_of(run_id))

    def open_runs(self) -> Sequence[str]:
        """Return the runs that are not closed."""
        return self._project.store.open_run_ids()

    def is_holding(self, pid: int) -> bool:
        """Tell whether an open run was last taken up by the process."""
        return any(self._holder(run_id) == pid for run_id in self.open_runs())

    def open_cards(self) -> Sequence[CardPlace]:
        """Return what people are asked."""
        return self._project.store.open_cards()

    def enqueue(self, crew: str, case: int) -> str:
        """Leave a run to the workers, as ``crewctl kickoff --detach`` does."""
        plan = self._project.plan(crew, {"case": f"case-{case:04}"})
        return self._project.enqueue(plan, self._project.request(crew, detached=True))

    def runs(self) -> list[Run]:
        """Return every run, oldest first."""
        return [self._run(run_id) for run_id in reversed(self._project.store.run_ids())]

    def run(self, run_id: str) -> Run:
        """Return one run."""
        return self._run(run_id)

    def totals(self, run_id: str) -> Totals | None:
        """Return what the ledger has booked on the run; None where it was never opened."""
        try:
            return SqlLedger(self._project.database).totals(run_id)
        except CrewctlError:
            return None

    def uses(self, crew: str) -> dict[str, int]:
        """Return how many runs were counted against each approval of the crew."""
        counted = SqlApprovalUses(self._project.database)
        return {one.id: counted.uses(one.id) for one in self._project.approvals.statements(crew)}

    def engine_states(self) -> dict[str, int]:
        """Return how many runs the engine's own tables hold in each state."""
        query = "SELECT status, count(*) FROM {} GROUP BY status"
        if url := os.environ.get("CREWCTL_DATABASE"):
            import psycopg  # noqa: PLC0415 - only where a server is used

            with psycopg.connect(url) as connection:
                rows = connection.execute(query.format("dbos.workflow_status")).fetchall()
        else:
            with sqlite3.connect(f"file:{self._project.state / 'engine.db'}?mode=ro", uri=True) as database:
                rows = database.execute(query.format("workflow_status")).fetchall()
        return {str(status): int(count) for status, count in rows}

    def _holder(self, run_id: str) -> int | None:
        taken = [
            record.event.pid
            for record in self._project.store.events_of(run_id)
            if isinstance(record.event, RunTaken)
        ]
        return taken[-1] if taken else None

    def _run(self, run_id: str) -> Run:
        records = self._project.store.events_of(run_id)
        first = records[0].event
        crew = first.crew if isinstance(first, KickoffRequested) else "?"
        return Run(run_id, records, self._case(run_id, records), crew)

    def _case(self, run_id: str, records: Sequence[Recorded]) -> int:
        if run_id not in self._cases:
            made = next((record.event for record in records if isinstance(record.event, PlanMade)), None)
            said = "" if made is None else str(plan_from_bytes(self._project.contents.get(made.plan)).inputs)
            found = CASE.search(said)
            self._cases[run_id] = int(found.group(1)) if found else -1
        return self._cases[run_id]
