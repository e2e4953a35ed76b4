"""The engine's versions: which processes a run may go on in, and how runs of an older shape go on in this one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

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

_AND = "+"

_WOKEN = ("changed status while being rewound", "only a workflow in a terminal state can be rewound")
"""What the engine says of a run that another process has woken since it was looked at."""

_DOWN = ("SUCCESS", "ERROR", "CANCELLED")

EARLIER: dict[str, Mapping[str, str]] = {}
"""The older shapes that can be gone on with: for each, what the keys of its steps are called now."""


def version_of(packages: Mapping[str, str]) -> str:
    """Return the engine's version of runs of this shape that were planned with these packages.

    The engine gives a run only to a process of the very same version.
    """
    return _AND.join([SHAPE, *(f"{name}={version}" for name, version in sorted(packages.items()))])


def has_this_shape(column: sa.Column[Any]) -> sa.ColumnElement[bool]:
    """Return the condition that a run is of this shape, whichever packages it was planned with."""
    return sa.or_(column == SHAPE, column.startswith(SHAPE + _AND, autoescape=True))


def adopt(
    database: SystemDatabase,
    queue: str,
    version: str,
    is_dead: Callable[[str], bool],
    fits: Callable[[str], bool],
) -> tuple[str, ...]:
    """Put unfinished runs of another version that can go on here on the queue as `version`; return their ids.

    Those are runs of this shape and of known older ones, as far as `fits` says that they were planned
    with the packages that are here: after an upgrade they would wait for ever. A run that a living
    process has is left to it, and one of an unknown, newer shape to whoever knows that.
    """
    adopted: list[str] = []
    for run_id, before, status, executor in _unfinished(database, version):
        shape = _shape_of(before)
        if (shape != SHAPE and shape not in EARLIER) or (status == "PENDING" and not is_dead(str(executor))):
            continue
        if fits(run_id) and _adopt(database, queue, run_id, (before, status, executor), version):
            adopted.append(run_id)
    return tuple(adopted)


def _shape_of(version: str) -> str:
    return version.partition(_AND)[0]


def _unfinished(database: SystemDatabase, version: str) -> list[tuple[str, str, str, str | None]]:
    table = database.tables.workflow_status
    with database.engine.begin() as connection:
        rows = connection.execute(
            sa.select(
                table.c.workflow_uuid, table.c.application_version, table.c.status, table.c.executor_id
            ).where(table.c.status.in_(("ENQUEUED", "PENDING")), table.c.application_version != version)
        )
        return [(str(run), str(before), str(status), who) for run, before, status, who in rows]


def _adopt(
    database: SystemDatabase, queue: str, run_id: str, found: tuple[str, str, str | None], version: str
) -> bool:
    table = database.tables.workflow_status
    before, status, executor = found
    with database.engine.begin() as connection:
        # As it was found, or somebody else has been faster.
        changed = connection.execute(
            sa.update(table)
            .where(
                table.c.workflow_uuid == run_id,
                table.c.application_version == before,
                table.c.status == status,
                table.c.executor_id == executor,
            )
            .values(application_version=version, status="ENQUEUED", queue_name=queue, owner_xid=None)
        )
        if not changed.rowcount:
            return False
        _rename(connection, database, run_id, before)
    return True


def wake_as(database: SystemDatabase, queue: str, run_id: str, version: str) -> bool:
    """Put a run that was put down back on the queue as `version`, its finished steps kept.

    False if it is not down. A run of an unknown shape is left alone: EngineError.
    """
    status = database.get_workflow_status(run_id)
    if status is None or status["status"] not in _DOWN:
        return False
    before = str(status["app_version"])
    shape = _shape_of(before)
    if shape != SHAPE and shape not in EARLIER:
        raise EngineError(
            f"run {run_id} was begun by a crewctl whose runs have another shape ({shape})",
            help="go on with it with the crewctl that began it",
        )
    if shape != SHAPE:
        with database.engine.begin() as connection:
            _rename(connection, database, run_id, before)
    try:
        database.rewind_workflow(run_id, AFTER_ALL, application_version=version, queue_name=queue)
    except DBOSException as problem:
        if not any(said in str(problem) for said in _WOKEN):
            raise
    return True


def _rename(connection: sa.Connection, database: SystemDatabase, run_id: str, version: str) -> None:
    outputs = database.tables.operation_outputs
    for before, now in EARLIER.get(_shape_of(version), {}).items():
        connection.execute(
            sa.update(outputs)
            .where(outputs.c.workflow_uuid == run_id, outputs.c.function_name == before)
            .values(function_name=now)
        )
