"""A worker: serves the queue, takes back what dead processes left, and wakes runs whose answers have come."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from crewctl.adapters.dbos_engine import POLL_SECONDS, DurableEngine, new_executor
from crewctl.adapters.installed_packages import InstalledWorld
from crewctl.adapters.process_tree import sweep
from crewctl.adapters.sql_workers import SqlWorkers
from crewctl.audit.events_work import RunEnqueued
from crewctl.errors import CrewctlError, LostDatabaseError, StoreError
from crewctl.running.ownership import LEASE_SECONDS, Held, worker_lock
from crewctl.running.starts import line_of
from crewctl.wiring.clockwork import Clockwork
from crewctl.wiring.embedded import engine_place
from crewctl.wiring.feeding import argument_of_run, feed
from crewctl.wiring.hosting import RunHost
from crewctl.wiring.line import warm_zygote
from crewctl.wiring.packages import Fitting, Packages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crewctl.wiring.project import Project

BEAT_SECONDS = 2.0
KEPT = timedelta(days=7)
"""How long the engine remembers the steps of a run that is over: nobody asks for them any more."""

ANEW_SECONDS = 1.0
"""Seconds before a worker that lost its database tries to begin anew."""

AGAIN_SECONDS = 10.0
"""Seconds after which a run that was put on the queue and not taken up is put there again."""

FEED_SECONDS = 0.5
"""Seconds after which the rest of a long queue waits for the next turn: a worker must beat in between."""

LEAVE_SECONDS = 5.0
"""Seconds for which the runs of a worker that leaves may put themselves down."""

_BEGUN_ANEW = "CREWCTL_WORKER_BEGUN_ANEW"
"""Set for the process that takes the place of a worker which lost its database."""

Told = Callable[[str], None]


@dataclass
class Moments:
    """When each duty is due next, on the monotonic clock."""

    due: dict[str, float] = field(default_factory=dict)

    def has_come(self, duty: str, every: float) -> bool:
        """Tell whether `duty`, done every so many seconds, is due, and note that it is done."""
        now = time.monotonic()
        if now < self.due.get(duty, 0.0):
            return False
        self.due[duty] = now + every
        return True


class LostWorkerError(StoreError):
    """This process was taken for dead, or lost its database: what it does is no longer its own."""


class ChangedWorkerError(CrewctlError):
    """Other packages were installed under this process: what it has and what it would import do not go together."""


class WorkerLoop:
    """One worker's duties. `tell` hears a line about each thing that it does."""

    def __init__(
        self, project: Project, engine: DurableEngine, host: RunHost, held: Held, tell: Told
    ) -> None:
        self._project = project
        self._engine = engine
        self._host = host
        self._held = held
        self._tell = tell
        self._workers = SqlWorkers(project.database, project.locks)
        self._clockwork = Clockwork(project)
        self._moments = Moments()
        self._fits = Fitting(project, tell)
        self._fed: dict[str, float] = {}

    def turn(self) -> None:
        """Do what is due; LostWorkerError or ChangedWorkerError when this process may not go on."""
        if self._moments.has_come("beat", BEAT_SECONDS):
            self._beat()
            self._refuse_changed_packages()
        if self._moments.has_come("reap", 1.0):
            self._take_back()
        if self._moments.has_come("forget", 3600.0):
            self._forget()
        if self._moments.has_come("clockwork", 1.0):
            self._kept_going(self._start_what_is_due)
        self._kept_going(self._feed)

    def _kept_going(self, duty: Callable[[], None]) -> None:
        """Do a duty that can as well be done a moment later: a database that is busy ends no worker."""
        try:
            duty()
        except LostDatabaseError:
            raise
        except StoreError as problem:
            self._tell(f"trying again: {problem.message}")

    def is_idle(self) -> bool:
        """Tell whether nothing waits for a worker with these packages, and this one does nothing."""
        return all(map(self._fits.leaves, self._waiting())) and not self._engine.unfinished()

    def _waiting(self) -> tuple[str, ...]:
        store = self._project.store
        return (*store.queued_runs(), *store.answered_runs(self._project.clock.now()))

    def _beat(self) -> None:
        if self._held.is_lost() or not self._workers.beat(self._host.executor):
            raise LostWorkerError("this worker was taken for dead")

    def _refuse_changed_packages(self) -> None:
        if change := self._host.packages.change:
            raise ChangedWorkerError(change)

    def _take_back(self) -> None:
        gone = {worker.executor for worker in self._workers.dead_workers(LEASE_SECONDS)}
        for executor in self._engine.executors():
            if not self._is_dead(executor, gone):
                continue
            for run_id in self._engine.take_back(executor):
                if self._fits(run_id):
                    self._tell(f"run {run_id} was left by a process that died; it goes on")
        while self._host.abandoned:
            self._engine.put_back(self._host.abandoned.pop())
        for run_id in self._engine.adopt(lambda executor: self._is_dead(executor, gone), self._fits):
            self._tell(f"run {run_id} was begun by an older crewctl; it goes on with this one")
        for executor in gone:
            self._workers.end(executor)

    def _is_dead(self, executor: str, gone: set[str]) -> bool:
        return executor in gone or not self._project.locks.is_held(worker_lock(executor))

    def _start_what_is_due(self) -> None:
        for start in self._clockwork.tick(self._project.clock.now()):
            self._tell(line_of(start))

    def _forget(self) -> None:
        """Delete what the engine remembers of runs that have been over for long; their accounts stay."""
        old = self._engine.ended_before(self._project.clock.now() - KEPT)
        still_open = set(self._project.store.open_run_ids())
        self._engine.forget([run_id for run_id in old if run_id not in still_open])

    def _feed(self) -> None:
        now, listed = time.monotonic(), self._waiting()
        waiting = set(listed)
        self._fits.remember_only(waiting)
        # A run that was taken up is listed no more; when it waits again and is answered, it is fed anew.
        self._fed = {run_id: until for run_id, until in self._fed.items() if run_id in waiting}
        # Those that were never put on the queue come first, or a long queue would hide its own end.
        for run_id in sorted(listed, key=lambda run_id: self._fed.get(run_id, 0.0)):
            if now < self._fed.get(run_id, 0.0) or time.monotonic() > now + FEED_SECONDS:
                break
            self._fed[run_id] = now + (AGAIN_SECONDS if self._feed_one(run_id) else 0.0)

    def _feed_one(self, run_id: str) -> bool:
        try:
            return not self._fits(run_id) or feed(
                self._engine, run_id, argument_of_run(self._project.store.events_of(run_id))
            )
        except LostDatabaseError:
            raise
        except CrewctlError as problem:
            self._tell(f"run {run_id} cannot be taken up: {problem.message}")
            return True


@contextmanager
def working(project: Project, slots: int, tell: Told) -> Iterator[WorkerLoop]:
    """Give a worker that serves the queue until the end of this."""
    packages = Packages(InstalledWorld(project.root))
    with warm_zygote(project, packages, tools=True) as warm:
        warm.current()  # CrewAI is imported beside the engine
        host = RunHost(project, new_executor(), warm, packages, tell=tell)
        with _serving(project, slots, host, tell) as loop:
            yield loop


@contextmanager
def _serving(project: Project, slots: int, host: RunHost, tell: Told) -> Iterator[WorkerLoop]:
    executor, packages = host.executor, host.packages.versions
    workers = SqlWorkers(project.database, project.locks)
    with project.locks.hold(worker_lock(executor)) as held:
        workers.begin(executor, slots)
        log = project.state / "engine.log"
        engine = DurableEngine(engine_place(project), executor, host, log=log, packages=packages, slots=slots)
        try:
            yield WorkerLoop(project, engine, host, held, tell)
        finally:
            _leave(project, engine, host)
            engine.close()
            with suppress(StoreError):
                workers.end(executor)


def _leave(project: Project, engine: DurableEngine, host: RunHost) -> None:
    """Have every run put itself down, and put it back on the queue: it was not this run that ended us."""
    host.leave()
    until = time.monotonic() + LEAVE_SECONDS
    while host.is_busy and time.monotonic() < until:
        time.sleep(0.02)
    with suppress(StoreError):
        for run_id in tuple(host.abandoned):
            if engine.put_back(run_id):
                project.store.append(run_id, RunEnqueued())


def work(
    project: Project, slots: int, tell: Told, must_leave: Callable[[], bool], *, until_idle: bool = False
) -> None:
    """Serve until `must_leave` says so, or with `until_idle` until nothing is left to do.

    A worker that was taken for dead, or whose database went away, begins anew as another one: its
    children are ended with it, and the runs that it had are taken up again. One under which other
    packages were installed puts its runs down first.
    """
    if os.environ.pop(_BEGUN_ANEW, ""):
        sweep()  # whatever the lost one had started is this process's child: none of it may outlast it
        _wait_for_database(project, must_leave)
    with _anew(tell, ChangedWorkerError), _anew_when_lost(tell), working(project, slots, tell) as loop:
        while not must_leave():
            with _anew_when_lost(tell):
                loop.turn()
                if until_idle and loop.is_idle():
                    return
            time.sleep(POLL_SECONDS)


@contextmanager
def _anew_when_lost(tell: Told) -> Iterator[None]:
    """Replace this process by a fresh one of the same command: nothing of what it had may be written.

    Nothing is tidied up before, because that would wait for the database too. Whatever was started
    sees this process's sockets close, and ends.
    """
    with _anew(tell, LostWorkerError, LostDatabaseError):
        yield


@contextmanager
def _anew(tell: Told, *lost: type[CrewctlError]) -> Iterator[None]:
    try:
        yield
    except lost as why:
        tell(f"{why.message}; beginning anew")
        time.sleep(ANEW_SECONDS)
        _begin_anew()


def _wait_for_database(project: Project, must_leave: Callable[[], bool]) -> None:
    """Wait until the database answers again, however long that takes: it was there before."""
    while not must_leave():
        try:
            project.workers.all_workers()
        except StoreError:
            time.sleep(ANEW_SECONDS)
        else:
            return


def _begin_anew() -> None:
    os.environ[_BEGUN_ANEW] = "yes"
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - the very same command again
