"""The way into the line for whatever starts crews without a terminal, over a project's own rooms."""

from __future__ import annotations

import os
import socket
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from crewctl.adapters.installed_packages import InstalledWorld
from crewctl.adapters.sql_kickoff_keys import SqlKickoffKeys
from crewctl.approval.suspension import said_of_suspensions
from crewctl.audit.events_work import RunEnqueued
from crewctl.catalogue.catalogue import Catalogue
from crewctl.catalogue.load import load_catalogue
from crewctl.planning.make_plan import make_plan

if TYPE_CHECKING:
    from crewctl.audit.events import KickoffRequested
    from crewctl.audit.events_work import Source
    from crewctl.planning.inputs import Value
    from crewctl.planning.plan import Plan
    from crewctl.wiring.project import Project


def worker_name() -> str:
    """Return what this process is called where it claims a start."""
    return f"{socket.gethostname()}:{os.getpid()}"


class ProjectLine:
    """The Line port over a project. Within a tick the files are read once, for all that is due in it."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._keys = SqlKickoffKeys(project.database)
        self._catalogue: Catalogue | None = None

    def read_anew(self) -> None:
        """Read the files again before the next plan."""
        self._catalogue = None

    def plan(self, crew: str, inputs: Mapping[str, Value]) -> Plan:
        """Plan the crew from the files as they are now."""
        if self._catalogue is None:
            self._catalogue = load_catalogue(self._project.root)
        return make_plan(
            self._catalogue,
            crew,
            inputs,
            InstalledWorld(self._project.root, recordings=self._project.recording),
        )

    def request(self, crew: str, **asked: Any) -> KickoffRequested:
        """Return a request with this host and process."""
        return self._project.request(crew, **asked)

    def enqueue(self, plan: Plan, request: KickoffRequested) -> str:
        """Leave the plan to a worker; a run that is on the queue already is not waited for."""
        known = self._keys.run_of(plan.crew, request.key) if request.key else None
        records = self._project.store.events_of(known) if known else ()
        if known and any(isinstance(record.event, RunEnqueued) for record in records):
            return known
        return self._project.enqueue(plan, request)

    def open_runs(self) -> Collection[str]:
        """Return the runs that have not ended."""
        return frozenset(self._project.store.open_run_ids())

    def held_back(self, source: Source) -> str:
        """Say why people have too much to decide for such a start."""
        return self._project.held_back(source)

    def suspended(self, crew: str) -> str:
        """Say who has suspended the crew and why."""
        return "; ".join(said_of_suspensions(self._project.approvals, crew))
