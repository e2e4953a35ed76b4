"""Does one run in this process, whoever asked for it: everything it needs is found in its account."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crewctl.adapters.dbos_steps import DbosSteps
from crewctl.adapters.engine_context import RunContext
from crewctl.adapters.installed_packages import InstalledWorld
from crewctl.adapters.output_files import ProjectFiles
from crewctl.adapters.report_files import ReportFiles
from crewctl.adapters.run_logs import RunLogs, WatchedRunStore
from crewctl.adapters.sql_breakers import SqlBreakers
from crewctl.adapters.sql_ledger import SqlLedger
from crewctl.adapters.sql_run_store import SqlRunStore
from crewctl.adapters.warm_zygote import WarmZygote
from crewctl.adapters.zygote_engine import ZygoteEngine
from crewctl.adapters.zygote_environment import all_secrets
from crewctl.audit.build_report import build_report
from crewctl.audit.events import KickoffRequested, Recorded
from crewctl.audit.fact import ContentRef
from crewctl.audit.port import ContentStore, RunIsClosedError, RunStore
from crewctl.audit.run_state import fold_run
from crewctl.errors import FencedError, LostDatabaseError, StoreError
from crewctl.planning.digest import canonical, is_plan_of, plan_from_bytes
from crewctl.planning.plan import Plan
from crewctl.processes.recorded import recorded_drafts
from crewctl.registry.close import Closed, PutDown, ending_of_error, last_event
from crewctl.registry.kickoff import kickoff
from crewctl.registry.rooms import Rooms
from crewctl.registry.tool_gate import PlannedToolGate
from crewctl.running.breaker import Breaker
from crewctl.running.cards import desk_of
from crewctl.running.meter import Meter, caps_of
from crewctl.running.ownership import Owner, run_lock
from crewctl.running.port import Abandoned, CrewEngine
from crewctl.running.stop import StopFlag
from crewctl.wiring.packages import Packages, refuse_other_packages

if TYPE_CHECKING:
    from crewctl.wiring.project import Project

Watch = Callable[[Recorded], None]
Came = Closed | PutDown

LOOK_SECONDS = 0.2
"""Seconds to wait for a run's lock: long enough for somebody who only looks whether it is held."""


@dataclass(frozen=True)
class Attended:
    """A run that somebody at a terminal watches, and may stop with a signal; `locked` says that its lock is held."""

    watch: Watch
    locked: bool = False
    stop: StopFlag = field(default_factory=StopFlag)


@dataclass(frozen=True)
class _Owned:
    """A run that this process has taken up, and the places it writes to."""

    run_id: str
    owner: Owner
    store: RunStore
    contents: ContentStore
    stop: StopFlag


def _nobody(_: object) -> None:
    """Nobody watches."""


def _line(came: Came) -> str:
    if isinstance(came, PutDown):
        return f"run {came.run_id} waits for {', '.join(came.cards)}"
    error = f": {came.ending.error}" if came.ending.error else ""
    return f"run {came.run_id} {came.ending.outcome.replace('_', ' ')}{error}"


class RunHost:
    """Does runs of one project, in whichever thread it is called; `came` has what each came to.

    `warm` is used by all of them, and was started after `packages` was made. Abandoned is let through:
    then the run has to be left to others, and `abandoned` has it, to be put back on the queue.
    """

    def __init__(
        self,
        project: Project,
        executor: str,
        warm: WarmZygote,
        packages: Packages,
        *,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self._project = project
        self.executor = executor
        self.packages = packages
        self._warm = warm
        self._tell = tell or _nobody
        self._stops: dict[str, StopFlag] = {}
        self._at_work: set[str] = set()
        self._leaving = False
        self.attended: dict[str, Attended] = {}
        self.came: dict[str, Came] = {}
        self.abandoned: set[str] = set()

    def __call__(self, run_id: str, argument: Mapping[str, Any]) -> dict[str, Any]:
        """Take the run up and do it to its end, or until it is put down."""
        self._at_work.add(run_id)
        try:
            return self._do(run_id, argument)
        finally:
            self._at_work.discard(run_id)

    def _do(self, run_id: str, argument: Mapping[str, Any]) -> dict[str, Any]:
        try:
            came = self._alone(run_id, argument)
        except RunIsClosedError:
            # Whoever closed it died before the engine knew, and perhaps before it had written the report.
            self._report_if_missing(run_id)
            return {"how": "closed"}
        except (Abandoned, FencedError, LostDatabaseError) as left:
            self.abandoned.add(run_id)
            raise Abandoned(str(left)) from left
        except Exception as error:
            self._close(run_id, error)
            raise
        if run_id in self.attended:
            self.came[run_id] = came
        self._tell(_line(came))
        return {"how": "waiting" if isinstance(came, PutDown) else came.ending.outcome}

    def _alone(self, run_id: str, argument: Mapping[str, Any]) -> Came:
        if self._leaving:
            raise Abandoned("this process is leaving")
        attended = self.attended.get(run_id, Attended(_nobody))
        held = None
        if not attended.locked:
            # Whoever froze may hold it still; that it cannot write any more, the epoch sees to.
            held = self._project.locks.acquire(run_lock(run_id), patience=LOOK_SECONDS)
        try:
            with closing(RunLogs(self._project.root)) as logs:
                return self._done(run_id, argument, attended, logs)
        finally:
            if held is not None:
                held.release()

    def _close(self, run_id: str, error: Exception) -> None:
        """Close a run that could not even be taken up: its plan is gone, or not the one that was approved.

        Abandoned where the account cannot be written now: an open run that nobody has would wait for ever.
        """
        last = last_event(ending_of_error(error))
        try:
            self._project.store.append(run_id, last)
        except RunIsClosedError:
            return
        except StoreError as unwritten:
            self.abandoned.add(run_id)
            raise Abandoned(last.error) from unwritten
        self._report_if_missing(run_id)
        self._tell(f"run {run_id} {last.outcome.replace('_', ' ')}: {last.error}")

    @property
    def is_busy(self) -> bool:
        """Whether any run is being done here."""
        return bool(self._at_work)

    def leave(self) -> None:
        """Have every run put itself down where it stands, for another process to take up."""
        self._leaving = True
        for stop in tuple(self._stops.values()):
            stop.leave()

    def _report_if_missing(self, run_id: str) -> None:
        records = self._project.store.events_of(run_id)
        state, files = fold_run(records, alive=True), ReportFiles(self._project.root)
        if state.started_at is not None and not state.rehearsal and not files.has(state.crew, run_id):
            files.write(build_report(records, self._project.contents))

    def _done(self, run_id: str, argument: Mapping[str, Any], attended: Attended, logs: RunLogs) -> Came:
        plan = plan_of_argument(argument, self._project.contents)
        if change := self.packages.change:
            raise Abandoned(change)
        refuse_other_packages(plan, InstalledWorld(self._project.root), run_id)
        hidden = all_secrets(plan, os.environ)
        owner = self._taken(run_id, (logs.write, attended.watch))
        store = SqlRunStore(self._project.database, secrets=hidden, owner=owner)
        run = _Owned(
            run_id=run_id,
            owner=owner,
            store=WatchedRunStore(store, logs.write, attended.watch),
            contents=self._project.contents_without(hidden),
            stop=attended.stop,
        )
        self._stops[run_id] = attended.stop
        if self._leaving:  # since it was asked about, and nobody has told this run
            attended.stop.leave()
        try:
            return kickoff(plan, self._rooms(run), DbosSteps(secrets=hidden))
        finally:
            del self._stops[run_id]

    def _taken(self, run_id: str, watchers: Sequence[Watch]) -> Owner:
        seen = len(self._project.store.events_of(run_id))
        epoch = self._project.store.take(run_id, self.executor)
        self._tell(f"run {run_id} is taken up" + (" again" if epoch > 1 else ""))
        for record in self._project.store.events_of(run_id, after=seen):
            for watch in watchers:
                watch(record)
        return Owner(run_id, epoch)

    def _breaker(self, plan: Plan, run: _Owned) -> Breaker | None:
        if plan.breaker is None:
            return None
        return Breaker(SqlBreakers(self._project.database), plan.breaker, run.run_id, run.store)

    def _rooms(self, run: _Owned) -> Rooms:
        request = self._request(run.run_id)
        clock = self._project.clock

        @contextmanager
        def open_engine(plan: Plan) -> Iterator[CrewEngine]:
            ledger = SqlLedger(self._project.database, owner=run.owner)
            meter = Meter(ledger, run.run_id, caps_of(plan.limits))
            # Whoever had the run before settles nothing any more: what was open counts as spent.
            ledger.settle_lost(run.run_id)
            context = RunContext(
                run_id=run.run_id,
                store=run.store,
                contents=run.contents,
                meter=meter,
                clock=clock,
                work_dir=self._project.state / "runs" / run.run_id,
                environ=os.environ,
                rehearsal=request.rehearsal,
                stop=run.stop,
                tools=PlannedToolGate(plan, desk_of(plan, run.run_id, run.store, run.contents, clock)),
                breaker=None if request.rehearsal else self._breaker(plan, run),
                replays=request.of or "" if request.source == "replay" else None,
            )
            with ZygoteEngine(canonical(plan), plan, context, warm=self._warm) as engine:
                yield engine

        taken_over = request.rejudges
        return Rooms(
            run_id=run.run_id,
            request=request,
            store=run.store,
            contents=run.contents,
            approvals=self._project.approvals,
            clock=clock,
            open_engine=open_engine,
            files=ProjectFiles(self._project.root),
            reports=ReportFiles(self._project.root),
            stop=run.stop,
            recorded=recorded_drafts(run.store.events_of(taken_over), run.contents) if taken_over else None,
        )

    def _request(self, run_id: str) -> KickoffRequested:
        first = self._project.store.events_of(run_id)[0].event
        if not isinstance(first, KickoffRequested):
            raise StoreError(
                f"the account of run {run_id} does not begin with a request", help="keep .crewctl for inquiry"
            )
        return first


def plan_of_argument(argument: Mapping[str, Any], contents: ContentStore) -> Plan:
    """Return the plan that a run was begun with; StoreError where another one stands in its place."""
    content = contents.get(ContentRef.model_validate(argument["plan"]))
    if not is_plan_of(content, argument["crew_digest"], argument["inputs_digest"]):
        raise StoreError(
            "the plan that the run kept is not the one that it began with", help="keep .crewctl for inquiry"
        )
    return plan_from_bytes(content)
