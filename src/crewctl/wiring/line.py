"""Takes a plan down the line in this process, and says how the run ended."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import time
from collections.abc import Callable
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crewctl.adapters.installed_packages import InstalledWorld
from crewctl.adapters.os_identity import login_name
from crewctl.adapters.report_files import report_path
from crewctl.adapters.warm_zygote import WarmZygote
from crewctl.adapters.zygote_engine import wants_tools
from crewctl.approval.decide import decide
from crewctl.audit.build_report import build_report
from crewctl.audit.events import KickoffRequested, Recorded
from crewctl.audit.report_data import report_data
from crewctl.audit.run_state import fold_run
from crewctl.errors import CrewctlError, Exit
from crewctl.planning.plan import Plan
from crewctl.registry.close import Closed, PutDown
from crewctl.wiring.announcing import KnownKeyError
from crewctl.wiring.packages import Packages, refuse_other_packages
from crewctl.wiring.project import Ended

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crewctl.wiring.project import Project

KEPT_SECONDS = 86_400.0
"""Seconds for which the folder of a zygote whose process was killed is kept."""

Watch = Callable[[Recorded], None]


def request_of(crew: str, **asked: Any) -> KickoffRequested:
    """Return a request in the name of the person at the terminal, who stays the same under sudo."""
    return KickoffRequested(crew=crew, by=login_name(), host=socket.gethostname(), pid=os.getpid(), **asked)


def take_down_the_line(project: Project, plan: Plan, watch: Watch, request: KickoffRequested) -> Ended:
    """Run the plan in this process; signals end it in order, and every way out closes or keeps the run.

    EngineError for an earlier run's plan that was made with other packages than are here, and where
    others were installed since the plan was made.
    """
    world = InstalledWorld(project.root)
    refuse_other_packages(plan, world, request.of or request.rejudges or "")
    packages = Packages(world)
    packages.refuse_change()
    with warm_zygote(project, packages, tools=wants_tools(plan)) as warm:
        if request.rehearsal or _looks_approved(project, plan, request.by):
            warm.current()  # CrewAI is imported beside the engine
        from crewctl.wiring.embedded import run_here  # noqa: PLC0415 - imports the engine

        try:
            return run_here(project, plan, watch, request, warm, packages)
        except KnownKeyError as known:
            return _as_it_is(project, known)


@contextmanager
def warm_zygote(project: Project, packages: Packages, *, tools: bool) -> Iterator[WarmZygote]:
    """Give this process's zygote, not started yet; it is ended at the end."""
    folders = project.state / "zygotes"
    folders.mkdir(mode=0o700, parents=True, exist_ok=True)
    _tidy(folders)
    folder = folders / f"{os.getpid()}-{secrets.token_hex(2)}"
    with closing(WarmZygote(folder, os.environ, tools=tools, change=lambda: packages.change)) as warm:
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
