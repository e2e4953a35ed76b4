"""Puts one run's rooms together and takes a plan down the line in them."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from crewctl.adapters.engine_context import RunContext
from crewctl.adapters.file_content_store import FileContentStore
from crewctl.adapters.journal_steps import JournalSteps
from crewctl.adapters.os_identity import user_name
from crewctl.adapters.output_files import ProjectFiles
from crewctl.adapters.report_files import ReportFiles
from crewctl.adapters.run_lock import RunLock
from crewctl.adapters.run_logs import RunLogs, WatchedRunStore
from crewctl.adapters.sql_ledger import SqlLedger
from crewctl.adapters.sql_run_store import SqlRunStore
from crewctl.adapters.system_clock import SystemClock
from crewctl.adapters.zygote_engine import ZygoteEngine
from crewctl.adapters.zygote_environment import all_secrets
from crewctl.audit.events import KickoffRequested, Recorded
from crewctl.audit.port import ContentStore, RunStore
from crewctl.audit.report_data import report_data
from crewctl.planning.digest import canonical
from crewctl.planning.plan import Plan
from crewctl.processes.recorded import RecordedDrafts
from crewctl.registry.close import Closed
from crewctl.registry.kickoff import kickoff
from crewctl.registry.rooms import Rooms
from crewctl.running.meter import Meter, caps_of
from crewctl.running.port import CrewEngine
from crewctl.running.stop import StopFlag
from crewctl.wiring.project import Ended

if TYPE_CHECKING:
    from crewctl.wiring.project import Project

Watch = Callable[[Recorded], None]


def new_run_id(now: datetime) -> str:
    """Return an id that sorts by time and is short enough to type: ``20261121-091502-7f3a``."""
    return f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def take_down_the_line(
    project: Project, plan: Plan, watch: Watch, *, rehearsal: bool, recorded: RecordedDrafts | None = None
) -> Ended:
    """Run the plan in this process; signals end it in order, and every way out closes the run."""
    clock, stop = SystemClock(), StopFlag()
    run_id = new_run_id(clock.now())
    hidden = all_secrets(plan, os.environ)
    with RunLock(project.root, run_id), closing(RunLogs(project.root)) as logs, stop.on_signals():
        store = WatchedRunStore(SqlRunStore(project.database, secrets=hidden), logs.write, watch)
        contents = FileContentStore(project.root, secrets=hidden)
        rooms = _rooms(
            project, run_id, store, contents, clock, stop, plan=plan, rehearsal=rehearsal, recorded=recorded
        )
        with closing(JournalSteps(project.state / "crewctl.db", run_id, secrets=hidden)) as steps:
            return _ended(kickoff(plan, rooms, steps))


def _rooms(  # noqa: PLR0913 - this is where everything one run needs comes together
    project: Project,
    run_id: str,
    store: RunStore,
    contents: ContentStore,
    clock: SystemClock,
    stop: StopFlag,
    *,
    plan: Plan,
    rehearsal: bool,
    recorded: RecordedDrafts | None,
) -> Rooms:
    @contextmanager
    def open_engine(plan: Plan) -> Iterator[CrewEngine]:
        with closing(SqlLedger(project.database)) as ledger:
            run = RunContext(
                run_id=run_id,
                store=store,
                contents=contents,
                meter=Meter(ledger, run_id, caps_of(plan.limits)),
                clock=clock,
                work_dir=project.state / "runs" / run_id,
                environ=os.environ,
                rehearsal=rehearsal,
                stop=stop,
            )
            with ZygoteEngine(canonical(plan), plan, run) as engine:
                yield engine

    return Rooms(
        run_id=run_id,
        request=KickoffRequested(
            crew=plan.crew,
            by=user_name(),
            host=socket.gethostname(),
            pid=os.getpid(),
            rehearsal=rehearsal,
            rejudges=recorded.run_id if recorded else None,
        ),
        store=store,
        contents=contents,
        approvals=project.approvals,
        clock=clock,
        open_engine=open_engine,
        files=ProjectFiles(project.root),
        reports=ReportFiles(project.root),
        stop=stop,
        recorded=recorded,
    )


def _ended(closed: Closed) -> Ended:
    return Ended(
        run_id=closed.run_id,
        outcome=closed.ending.outcome,
        exit_code=int(closed.ending.exit_code),
        report=report_data(closed.report) if closed.report else None,
        report_path=closed.report_path,
        refusal=closed.refusal,
    )
