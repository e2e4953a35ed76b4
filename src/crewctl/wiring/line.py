"""Takes a plan down the line: in this process, or on the queue for whichever worker is free."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crewctl.adapters.os_identity import login_name
from crewctl.adapters.report_files import report_path
from crewctl.adapters.sql_kickoff_keys import SqlKickoffKeys
from crewctl.adapters.warm_zygote import WarmZygote
from crewctl.adapters.zygote_engine import wants_tools
from crewctl.adapters.zygote_environment import all_secrets
from crewctl.approval.decide import decide
from crewctl.audit.build_report import build_report
from crewctl.audit.events import KickoffRequested, PlanMade, Recorded, RunClosed
from crewctl.audit.events_work import RunEnqueued, RunTaken
from crewctl.audit.port import RunExistsError, RunIsClosedError
from crewctl.audit.report_data import report_data
from crewctl.audit.run_state import fold_run
from crewctl.errors import CrewctlError, Exit, InvalidError
from crewctl.planning.digest import canonical
from crewctl.planning.plan import Plan
from crewctl.registry.close import Closed, PutDown
from crewctl.running.ownership import run_lock
from crewctl.wiring.project import Ended

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crewctl.wiring.project import Project

KEPT_SECONDS = 86_400.0
"""Seconds for which the folder of a zygote whose process was killed is kept."""

Watch = Callable[[Recorded], None]


def new_run_id(now: datetime) -> str:
    """Return an id that sorts by time and is short enough to type: ``20261121-091502-7f3a``."""
    return f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def request_of(crew: str, **asked: Any) -> KickoffRequested:
    """Return a request in the name of the person at the terminal, who stays the same under sudo."""
    return KickoffRequested(crew=crew, by=login_name(), host=socket.gethostname(), pid=os.getpid(), **asked)


class KnownKeyError(CrewctlError):
    """There is a run under this idempotency key already: `run_id`."""

    def __init__(self, run_id: str, key: str) -> None:
        super().__init__(
            f"run {run_id} was made under the key {key!r} already",
            help=f"see it with: crewctl report {run_id}",
        )
        self.run_id = run_id


def announce(project: Project, plan: Plan, request: KickoffRequested) -> str:
    """Write down that a run is asked for and by which plan, and return its id.

    KnownKeyError when there is a run under the request's key, InvalidError when it has other inputs.
    """
    run_id = _free_run_id(project)
    if request.key is None:
        with suppress(RunExistsError):
            _announce(project, run_id, plan, request)
            return run_id
        return announce(project, plan, request)  # somebody was dealt the same id in the same moment
    run_id = SqlKickoffKeys(project.database).claim(plan.crew, request.key, run_id)
    # Whoever claimed the key may have died before it wrote all of it; of two, the second waits here.
    with project.locks.hold(run_lock(run_id)):
        # Or it died, and the run was closed as lost before there was a plan.
        records = project.store.events_of(run_id)
        if any(isinstance(record.event, (PlanMade, RunClosed)) for record in records):
            _refuse_other_inputs(records, plan, request)
            raise KnownKeyError(run_id, request.key)
        _announce(project, run_id, plan, request)
        return run_id


def _refuse_other_inputs(records: Sequence[Recorded], plan: Plan, request: KickoffRequested) -> None:
    """Tell a person whose key stands for something else; what starts by itself repeats its own keys only."""
    made = next((record.event for record in records if isinstance(record.event, PlanMade)), None)
    if request.source == "person" and made is not None and made.inputs_digest != plan.inputs_digest:
        raise InvalidError(
            f"the key {request.key!r} was used with other inputs, by run {records[0].run_id}",
            help="take another key, or the same inputs as then",
        )


def _free_run_id(project: Project) -> str:
    """Return an id that no run has: of a hundred asked for in one second, two may well be dealt the same."""
    while project.store.events_of(run_id := new_run_id(project.clock.now())):
        pass
    return run_id


def _announce(project: Project, run_id: str, plan: Plan, request: KickoffRequested) -> None:
    if not project.store.events_of(run_id):
        project.store.append(run_id, request)
    kept = project.contents_without(all_secrets(plan, os.environ)).put(run_id, canonical(plan))
    made = PlanMade(
        crew_digest=plan.crew_digest, inputs_digest=plan.inputs_digest, plan=kept, simulated=plan.simulated
    )
    project.store.append(run_id, made)


def enqueue(project: Project, plan: Plan, request: KickoffRequested) -> str:
    """Leave the plan to whichever worker is free, and return the run's id.

    The engine is not needed for that: workers find in the account what is to be done. With a key that
    was used before, that run's id is returned.
    """
    try:
        run_id = announce(project, plan, request)
    except KnownKeyError as known:
        run_id = known.run_id
        if not _is_left_between(project.store.events_of(run_id)):
            return run_id
    with suppress(RunIsClosedError):
        project.store.append(run_id, RunEnqueued())
    return run_id


def _is_left_between(records: Sequence[Recorded]) -> bool:
    """Tell whether the process that asked for the run died before it was on the queue."""
    begun = (RunEnqueued, RunTaken, RunClosed)
    first = records[0].event
    asked = isinstance(first, KickoffRequested) and first.detached
    return asked and not any(isinstance(record.event, begun) for record in records)


def take_down_the_line(project: Project, plan: Plan, watch: Watch, request: KickoffRequested) -> Ended:
    """Run the plan in this process; signals end it in order, and every way out closes or keeps the run."""
    with warm_zygote(project, tools=wants_tools(plan)) as warm:
        if request.rehearsal or _looks_approved(project, plan, request.by):
            warm.current()  # CrewAI is imported beside the engine
        from crewctl.wiring.embedded import run_here  # noqa: PLC0415 - imports the engine

        try:
            return run_here(project, plan, watch, request, warm)
        except KnownKeyError as known:
            return _as_it_is(project, known)


@contextmanager
def warm_zygote(project: Project, *, tools: bool) -> Iterator[WarmZygote]:
    """Give this process's zygote, not started yet; it is ended at the end."""
    folders = project.state / "zygotes"
    folders.mkdir(mode=0o700, parents=True, exist_ok=True)
    _tidy(folders)
    folder = folders / f"{os.getpid()}-{secrets.token_hex(2)}"
    with closing(WarmZygote(folder, os.environ, tools=tools)) as warm:
        yield warm
    shutil.rmtree(folder, ignore_errors=True)


def _tidy(folders: Path) -> None:
    """Remove what processes that were killed have left, once it is a day old: somebody may want to read it."""
    try:
        found = list(folders.iterdir())
    except OSError:
        return
    for folder in found:
        with suppress(OSError):
            old = time.time() - folder.stat().st_mtime > KEPT_SECONDS
            if old and not Path(f"/proc/{folder.name.partition('-')[0]}").exists():
                shutil.rmtree(folder, ignore_errors=True)


def ended(came: Closed | PutDown) -> Ended:
    """Return how a run ended, or that it waits, as the command line needs it."""
    if isinstance(came, PutDown):
        return Ended(run_id=came.run_id, outcome="waiting", exit_code=int(Exit.WAITING), cards=came.cards)
    return Ended(
        run_id=came.run_id,
        outcome=came.ending.outcome,
        exit_code=int(came.ending.exit_code),
        report=report_data(came.report) if came.report else None,
        report_path=came.report_path,
        refusal=came.refusal,
    )


def _as_it_is(project: Project, known: KnownKeyError) -> Ended:
    """Return what became of the run that a key stands for; KnownKeyError while it is not over."""
    records = project.store.events_of(known.run_id)
    state = fold_run(records, alive=True)
    if state.closing is None:
        raise known
    started = state.started_at is not None
    return Ended(
        run_id=known.run_id,
        outcome=state.closing.outcome,
        exit_code=state.closing.exit_code,
        report=report_data(build_report(records, project.contents)) if started else None,
        report_path=report_path(state.crew, known.run_id) if started else None,
        refusal=None if started else state.approval,
    )


def _looks_approved(project: Project, plan: Plan, asked_by: str) -> bool:
    """Guess what the gate will say, without counting; only to know whether warming up is worth it."""
    try:
        return decide(plan, project.approvals, project.clock.now(), asked_by).approved
    except CrewctlError:
        return False
