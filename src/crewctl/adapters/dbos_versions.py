"""Runs that were begun with an older workflow shape go on with this one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sqlalchemy as sa
from dbos._error import DBOSException
from dbos._sys_db import SystemDatabase

from crewctl.adapters.dbos_steps import AFTER_ALL
from crewctl.errors import EngineError

SHAPE = "crewctl-flow-1"
"""The version of the *workflow's shape*: which steps a run has and what they are called. Not the product's.

It changes only when the key of a step comes to mean something else. Steps are remembered by their
keys, so a new order of steps, or further ones, leave the shape as it is.
"""

_WOKEN = ("changed status while being rewound", "only a workflow in a terminal state can be rewound")
"""What the engine says of a run that another process has woken since it was looked at."""

_DOWN = ("SUCCESS", "ERROR", "CANCELLED")

EARLIER: dict[str, Mapping[str, str]] = {}
"""The older shapes that can be gone on with: for each, what the keys of its steps are called now."""


def adopt_older(
    database: SystemDatabase, queue: str, is_dead: Callable[[str], bool], *, shape: str = SHAPE
) -> tuple[str, ...]:
    """Put unfinished runs of known older shapes on the queue as runs of this one; return their ids.

    The engine gives a run to nobody but a process of the very version it was begun with, so after an
    upgrade they would wait for ever. A run that a living process of the older version has is left to
    it, and one of an unknown, newer shape to whoever knows that.
    """
    adopted: list[str] = []
    for run_id, version, status, executor in _unfinished(database, shape):
        if version not in EARLIER or (status == "PENDING" and not is_dead(executor)):
            continue
        if _adopt(database, queue, run_id, (version, status, executor), shape):
            adopted.append(run_id)
    return tuple(adopted)


def _unfinished(database: SystemDatabase, shape: str) -> list[tuple[str, str, str, str]]:
    table = database.tables.workflow_status
    with database.engine.begin() as connection:
        rows = connection.execute(
            sa.select(
                table.c.workflow_uuid, table.c.application_version, table.c.status, table.c.executor_id
            ).where(table.c.status.in_(("ENQUEUED", "PENDING")), table.c.application_version != shape)
        )
        return [(str(run), str(version), str(status), str(who)) for run, version, status, who in rows]


def _adopt(
    database: SystemDatabase, queue: str, run_id: str, found: tuple[str, str, str], shape: str
) -> bool:
    table = database.tables.workflow_status
    version, status, executor = found
    with database.engine.begin() as connection:
        # As it was found, or somebody else has been faster.
        changed = connection.execute(
            sa.update(table)
            .where(
                table.c.workflow_uuid == run_id,
                table.c.application_version == version,
                table.c.status == status,
                table.c.executor_id == executor,
            )
            .values(application_version=shape, status="ENQUEUED", queue_name=queue, owner_xid=None)
        )
        if not changed.rowcount:
            return False
        _rename(connection, database, run_id, version)
    return True


def wake_as_this_shape(database: SystemDatabase, queue: str, run_id: str) -> bool:
    """Put a run that was put down back on the queue, its finished steps kept; False if it is not down.

    A run of an unknown shape is left alone: EngineError.
    """
    status = database.get_workflow_status(run_id)
    if status is None or status["status"] not in _DOWN:
        return False
    version = str(status["app_version"])
    if version != SHAPE and version not in EARLIER:
        raise EngineError(
            f"run {run_id} was begun by a crewctl whose runs have another shape ({version})",
            help="go on with it with the crewctl that began it",
        )
    if version != SHAPE:
        with database.engine.begin() as connection:
            _rename(connection, database, run_id, version)
    try:
        database.rewind_workflow(run_id, AFTER_ALL, application_version=SHAPE, queue_name=queue)
    except DBOSException as problem:
        if not any(said in str(problem) for said in _WOKEN):
            raise
    return True


def _rename(connection: sa.Connection, database: SystemDatabase, run_id: str, version: str) -> None:
    outputs = database.tables.operation_outputs
    for before, now in EARLIER.get(version, {}).items():
        connection.execute(
            sa.update(outputs)
            .where(outputs.c.workflow_uuid == run_id, outputs.c.function_name == before)
            .values(function_name=now)
        )
