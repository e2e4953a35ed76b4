"""The durable engine in this process: it begins, takes up and remembers runs; what a run does, its host says."""

from __future__ import annotations

import functools
import os
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import dbos._core as core
import sqlalchemy as sa
from dbos import DBOS, DBOSConfig, SetWorkflowID
from dbos._dbos import _get_dbos_instance
from dbos._sys_db import SystemDatabase

from crewctl.adapters.dbos_database import quiet, settings
from crewctl.adapters.dbos_json import JsonSerializer, forbid_pickle
from crewctl.adapters.dbos_versions import adopt, has_this_shape, version_of, wake_as
from crewctl.errors import EngineError, LostDatabaseError

QUEUE = "runs"
"""Where runs wait for a worker. A waiting run is not on it, so it holds no slot."""

MOST_ATTEMPTS = 100
"""Times a run is taken up at all; the account's own rule for runs that kill workers comes long before."""

POLL_SECONDS = 0.2
AT_ONCE = 500
"""Runs that are forgotten at once: the database is not kept busy for long."""

Argument = Mapping[str, Any]
Host = Callable[[str, Argument], dict[str, Any]]
"""Does the run with this id to its end, or until it is put down; what it returns is kept."""


P = ParamSpec("P")
R = TypeVar("R")


def _answering(function: Callable[P, R]) -> Callable[P, R]:
    """Have the function raise LostDatabaseError where the engine's database does not answer."""

    @functools.wraps(function)
    def asked(*args: P.args, **given: P.kwargs) -> R:
        try:
            return function(*args, **given)
        except sa.exc.SQLAlchemyError as lost:
            raise LostDatabaseError(
                f"the engine's database does not answer: {type(lost).__name__}",
                help="see that the server runs, and try again",
            ) from lost

    return asked


class DurableEngine:
    """One process's part in the runs of a project. Only one may be open in a process at a time.

    `executor` is this process's own id, never used again. With `slots` it serves the queue, that many
    runs at once; without, it does only what it is told to do here. Whatever it puts on the queue goes to
    processes with the same `packages` only: their versions by their names. `url` is the engine's
    database. EngineError when the database cannot be opened.
    """

    def __init__(
        self,
        url: str,
        executor: str,
        host: Host,
        *,
        log: Path,
        packages: Mapping[str, str] | None = None,
        slots: int = 0,
    ) -> None:
        self._executor = executor
        self._version = version_of(packages or {})
        self._host = host
        self._errors: dict[str, Exception] = {}
        forbid_pickle()
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        quiet(log)
        try:
            DBOS(
                config=DBOSConfig(
                    {
                        "name": "crewctl",
                        "application_version": self._version,
                        "executor_id": executor,
                        "serializer": JsonSerializer(),
                        # Nobody is told anything through the engine: what people answer is in the account.
                        "notification_listener_polling_interval_sec": POLL_SECONDS,
                        **settings(url),  # type: ignore[typeddict-item]
                    }
                )
            )
            _OPEN[:] = [self]
            DBOS.listen_queues([QUEUE] if slots else [])
            DBOS.launch()
            if slots:
                # What stands in the database is every worker's, so it is the least; each has its own number.
                DBOS.register_queue(QUEUE, worker_concurrency=1, polling_interval_sec=POLL_SECONDS)
                _serve_with(slots)
        except (sa.exc.SQLAlchemyError, OSError) as problem:
            raise EngineError(
                f"the engine's database cannot be opened: {_first_line(problem)}",
                help="check that the database is there and may be written to; 'crewctl doctor' says more",
            ) from problem

    @_answering
    def begin(self, run_id: str, argument: Argument) -> dict[str, Any]:
        """Do a new run here and return what its host does; Abandoned when it has to be left to others."""
        with SetWorkflowID(run_id):
            handle = DBOS.start_workflow(_run, dict(argument))
        return self._result(run_id, handle)

    @_answering
    def take_up(self, run_id: str) -> dict[str, Any] | None:
        """Go on with a run here that is on the queue; None if another process has been faster.

        That it fits the packages that are here the caller must know.
        """
        handle = self._claimed(run_id)
        return None if handle is None else self._result(run_id, handle)

    @_answering
    def put_on_queue(self, run_id: str, argument: Argument) -> None:
        """Have a run done by whichever worker is free; a run that is known already stays what it is."""
        DBOS.enqueue_workflow_with_options(
            {
                "workflow_name": WORKFLOW,
                "queue_name": QUEUE,
                "workflow_id": run_id,
                "app_version": self._version,
            },
            dict(argument),
        )

    @_answering
    def wake(self, run_id: str) -> bool:
        """Put a run that was put down back on the queue, its finished steps kept; False if it is not down."""
        return wake_as(_database(), QUEUE, run_id, self._version)

    @_answering
    def adopt(self, is_dead: Callable[[str], bool], fits: Callable[[str], bool]) -> tuple[str, ...]:
        """Put unfinished runs that other versions began, and that fit, on the queue; return their ids."""
        return adopt(_database(), QUEUE, self._version, is_dead, fits)

    @_answering
    def ended_before(self, moment: datetime) -> tuple[str, ...]:
        """Return the runs that the engine has been done with since before `moment`; some may only be put down."""
        found = DBOS.list_workflows(
            status=["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"],
            completed_before=moment.isoformat(),
            load_input=False,
            load_output=False,
            limit=AT_ONCE,
        )
        return tuple(one.workflow_id for one in found)

    @_answering
    def forget(self, run_ids: Sequence[str]) -> None:
        """Delete what the engine remembers of these runs: their accounts stay."""
        if run_ids:
            DBOS.delete_workflows(list(run_ids))

    @_answering
    def known(self, run_ids: Sequence[str]) -> dict[str, str]:
        """Return the engine's own status of each run that it knows."""
        if not run_ids:
            return {}
        found = DBOS.list_workflows(workflow_ids=list(run_ids), load_input=False, load_output=False)
        return {one.workflow_id: one.status for one in found}

    @_answering
    def unfinished(self) -> int:
        """Return how many runs are on the queue or being done, by anybody with the same packages."""
        table = _database().tables.workflow_status
        with _database().engine.begin() as connection:
            found = connection.execute(
                sa.select(sa.func.count()).where(
                    table.c.status.in_(("ENQUEUED", "PENDING")), table.c.application_version == self._version
                )
            )
            return int(found.scalar_one())

    @_answering
    def executors(self) -> tuple[str, ...]:
        """Return the ids of all other processes that runs are with."""
        table = _database().tables.workflow_status
        with _database().engine.begin() as connection:
            rows = connection.execute(
                sa.select(table.c.executor_id)
                .where(table.c.status == "PENDING", table.c.executor_id != self._executor)
                .distinct()
            )
            return tuple(str(row[0]) for row in rows)

    @_answering
    def put_back(self, run_id: str) -> bool:
        """Put a run of this process that it does not go on with back on the queue, unless another has it."""
        return _database().reenqueue_for_recovery(run_id, [self._executor], QUEUE)

    @_answering
    def take_back(self, executor: str) -> tuple[str, ...]:
        """Put the runs of a dead process back on the queue and return their ids. Safe to do twice.

        Each is still for a process with its own packages. The engine never does that by itself, and
        whether a process is dead the caller must know.
        """
        table = _database().tables.workflow_status
        with _database().engine.begin() as connection:
            pending = connection.execute(
                sa.select(table.c.workflow_uuid).where(
                    table.c.status == "PENDING",
                    table.c.executor_id == executor,
                    has_this_shape(table.c.application_version),
                )
            ).scalars()
            runs = [str(run) for run in pending]
        return tuple(run for run in runs if _database().reenqueue_for_recovery(run, [executor], QUEUE))

    def close(self, *, patience: float = 0.0) -> None:
        """Leave the engine; runs that are still being done here get `patience` seconds."""
        _OPEN.clear()
        DBOS.destroy(workflow_completion_timeout_sec=int(patience))

    def do(self, run_id: str, argument: Argument) -> dict[str, Any]:
        """Be the workflow: an error is a result too, and only what must be done again is raised."""
        try:
            came_to = self._host(run_id, argument)
        except Exception as error:  # noqa: BLE001 - the host has closed the run; the engine keeps no error objects
            self._errors[run_id] = error
            return {"how": "broken", "error": type(error).__name__}
        return came_to

    def _result(self, run_id: str, handle: Any) -> dict[str, Any]:
        came_to: dict[str, Any] = handle.get_result()
        if (error := self._errors.pop(run_id, None)) is not None:
            raise error
        return came_to

    def _claimed(self, run_id: str) -> Any:
        """Make the run ours if it is on the queue: what a worker does with the run that is next on it."""
        database = _database()
        table, owner = database.tables.workflow_status, uuid.uuid4().hex
        with database.engine.begin() as connection:
            claimed = connection.execute(
                sa.update(table)
                .where(
                    table.c.workflow_uuid == run_id,
                    table.c.status == "ENQUEUED",
                    has_this_shape(table.c.application_version),
                )
                .values(
                    status="PENDING",
                    application_version=self._version,
                    executor_id=self._executor,
                    owner_xid=owner,
                    recovery_attempts=table.c.recovery_attempts + 1,
                )
            )
        if not claimed.rowcount:
            return None
        status = database.get_workflow_status(run_id)
        if status is None:
            raise AssertionError("a run that was claimed is there")
        return core.execute_dequeued_workflow(_get_dbos_instance(), status, owner)


_OPEN: list[DurableEngine] = []
WORKFLOW = "crewctl_run"


@DBOS.workflow(name=WORKFLOW, max_recovery_attempts=MOST_ATTEMPTS)
def _run(argument: dict[str, Any]) -> dict[str, Any]:
    return _OPEN[0].do(str(DBOS.workflow_id), argument)


def _serve_with(slots: int) -> None:
    """Have this process serve the queue with so many slots, whatever the database says for all."""
    database = _database()
    ask = database.get_queue

    def ours(name: str, *args: Any, **given: Any) -> Any:
        queue = ask(name, *args, **given)
        if queue is not None and name == QUEUE:
            queue._worker_concurrency = slots  # noqa: SLF001 - asked before each look at the queue
        return queue

    database.get_queue = ours  # type: ignore[method-assign]


def _database() -> SystemDatabase:
    return _get_dbos_instance()._sys_db  # noqa: SLF001 - pinned, and held by contract tests


def new_executor() -> str:
    """Return an id for this process's part in the engine: two processes must never share one."""
    return f"{os.getpid()}-{uuid.uuid4().hex[:12]}"


def _first_line(problem: BaseException) -> str:
    return str(problem).strip().partition("\n")[0]
