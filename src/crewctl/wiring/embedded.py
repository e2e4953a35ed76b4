"""The engine inside a command: one run is done here while somebody watches."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from crewctl.adapters.dbos_database import sqlite_place
from crewctl.adapters.dbos_engine import DurableEngine, new_executor
from crewctl.adapters.warm_zygote import WarmZygote
from crewctl.audit.events import KickoffRequested, Recorded
from crewctl.errors import CrewctlError
from crewctl.planning.plan import Plan
from crewctl.running.ownership import worker_lock
from crewctl.running.port import Abandoned
from crewctl.wiring.announcing import announced
from crewctl.wiring.database import VARIABLE
from crewctl.wiring.feeding import argument_of_run
from crewctl.wiring.hosting import Attended, Came, RunHost
from crewctl.wiring.line import ended
from crewctl.wiring.packages import Packages
from crewctl.wiring.project import Ended

if TYPE_CHECKING:
    from crewctl.wiring.project import Project

Watch = Callable[[Recorded], None]


def engine_place(project: Project) -> str:
    """Return the URL of the engine's own tables: beside the project's, wherever those are."""
    return os.environ.get(VARIABLE, "").strip() or sqlite_place(project.state)


@contextmanager
def embedded(
    project: Project, warm: WarmZygote, packages: Packages
) -> Iterator[tuple[DurableEngine, RunHost]]:
    """Give an engine that serves no queue, and the host that does its runs."""
    executor = new_executor()
    host = RunHost(project, executor, warm, packages)
    # Held for as long as this process lives: without it, a worker takes its runs back.
    with project.locks.hold(worker_lock(executor)):
        engine = DurableEngine(
            engine_place(project),
            executor,
            host,
            log=project.state / "engine.log",
            packages=packages.versions,
        )
        try:
            yield engine, host
        finally:
            engine.close()


def run_here(
    project: Project,
    plan: Plan,
    watch: Watch,
    request: KickoffRequested,
    warm: WarmZygote,
    packages: Packages,
) -> Ended:
    """Do a new run in this process and return how it ended."""
    with embedded(project, warm, packages) as (engine, host), announced(project, plan, request) as run_id:
        attended = Attended(watch, locked=True)
        host.attended[run_id] = attended
        records = project.store.events_of(run_id)
        for record in records:
            watch(record)
        with attended.stop.on_signals(), left_to_others(run_id):
            engine.begin(run_id, argument_of_run(records))
        return ended(came_of(host, run_id))


def came_of(host: RunHost, run_id: str) -> Came:
    """Return what the run came to here; CrewctlError where somebody closed it before it was begun."""
    if run_id not in host.came:
        raise CrewctlError(
            f"run {run_id} was closed before it was begun here",
            help=f"see it with: crewctl runs show {run_id}",
        )
    return host.came[run_id]


@contextmanager
def left_to_others(run_id: str) -> Iterator[None]:
    """Say what to do about a run that this process may not or cannot go on with."""
    try:
        yield
    except Abandoned as abandoned:
        raise CrewctlError(
            f"run {run_id} was left as it is: {abandoned}",
            help=f"what was finished is kept; go on with: crewctl resume {run_id}",
        ) from abandoned
