"""Gives runs their ids, and keeps each from being taken for lost until it is begun or on the queue."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING

from crewctl.adapters.sql_kickoff_keys import SqlKickoffKeys
from crewctl.adapters.zygote_environment import all_secrets
from crewctl.audit.events import KickoffRequested, PlanMade, Recorded, RunClosed
from crewctl.audit.events_work import RunEnqueued, RunTaken
from crewctl.audit.port import RunIsClosedError
from crewctl.errors import CrewctlError, InvalidError, StoreError
from crewctl.planning.plan import Plan
from crewctl.registry.announce import announce
from crewctl.running.ownership import Held, run_lock

if TYPE_CHECKING:
    from crewctl.wiring.project import Project

LOOKS = 50
LOOK_SECONDS = 0.1
"""How often, and how long each time, to wait for whoever claimed a key first and has written no plan yet."""


class KnownKeyError(CrewctlError):
    """There is a run under this idempotency key already: `run_id`."""

    def __init__(self, run_id: str, key: str) -> None:
        super().__init__(
            f"run {run_id} was made under the key {key!r} already",
            help=f"see it with: crewctl report {run_id}",
        )
        self.run_id = run_id


def new_run_id(now: datetime) -> str:
    """Return an id that sorts by time and is short enough to type: ``20261121-091502-7f3a``."""
    return f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


@contextmanager
def announced(project: Project, plan: Plan, request: KickoffRequested) -> Iterator[str]:
    """Write down that a run is asked for and by which plan, and give its id.

    The run's lock is held from before its first event until the end of this, by when it is to be begun
    or on the queue: nobody, on whichever machine, takes it for lost meanwhile. KnownKeyError when there
    is a run under the request's key, InvalidError when that one has other inputs.
    """
    with _place(project, plan, request) as run_id:
        contents = project.contents_without(all_secrets(plan, os.environ))
        announce(run_id, plan, request, project.store, contents)
        yield run_id


def enqueue(project: Project, plan: Plan, request: KickoffRequested) -> str:
    """Leave the plan to whichever worker is free, and return the run's id.

    The engine is not needed for that: workers find in the account what is to be done. With a key that
    was used before, that run's id is returned.
    """
    try:
        with announced(project, plan, request) as run_id:
            _put_on_queue(project, run_id)
            return run_id
    except KnownKeyError as known:
        if _is_left_between(project, known.run_id):
            with project.locks.hold(run_lock(known.run_id)):
                if _is_left_between(project, known.run_id):
                    _put_on_queue(project, known.run_id)
        return known.run_id


def _put_on_queue(project: Project, run_id: str) -> None:
    with suppress(RunIsClosedError):
        project.store.append(run_id, RunEnqueued())


def _is_left_between(project: Project, run_id: str) -> bool:
    """Tell whether the run was to be left to a worker, and is not on the queue: its asker may have died."""
    records = project.store.events_of(run_id)
    begun = (RunEnqueued, RunTaken, RunClosed)
    first = records[0].event
    asked = isinstance(first, KickoffRequested) and first.detached
    return asked and not any(isinstance(record.event, begun) for record in records)


@contextmanager
def _place(project: Project, plan: Plan, request: KickoffRequested) -> Iterator[str]:
    """Give the id that the run is to have, with its lock held."""
    keys = SqlKickoffKeys(project.database)
    run_id = keys.run_of(plan.crew, request.key) if request.key else None
    if run_id is None:
        with _new_place(project) as new:
            run_id = keys.claim(plan.crew, request.key, new) if request.key else new
            if run_id == new:
                yield new
                return
        project.locks.forget(run_lock(new))
    # Whoever claimed the key may have died before it wrote all of it.
    held = _lock_without_plan(project, run_id, plan, request)
    try:
        _refuse_known(project, run_id, plan, request)
        yield run_id
    finally:
        held.release()


@contextmanager
def _new_place(project: Project) -> Iterator[str]:
    """Give an id that no run has: of a hundred asked for in one second, two may well be dealt the same."""
    while True:
        run_id = new_run_id(project.clock.now())
        held = project.locks.acquire(run_lock(run_id), patience=0)
        if held is None:
            continue
        try:
            if not project.store.events_of(run_id):
                yield run_id
                return
        finally:
            held.release()


def _lock_without_plan(project: Project, run_id: str, plan: Plan, request: KickoffRequested) -> Held:
    """Take the lock of a run that has no plan yet; KnownKeyError as soon as it has one."""
    for _ in range(LOOKS):
        _refuse_known(project, run_id, plan, request)
        if (held := project.locks.acquire(run_lock(run_id), patience=LOOK_SECONDS)) is not None:
            return held
    raise StoreError(
        f"run {run_id} is still being asked for by another process", help="try again in a moment"
    )


def _refuse_known(project: Project, run_id: str, plan: Plan, request: KickoffRequested) -> None:
    """Raise KnownKeyError for a run that has its plan, or was closed as lost before it had one."""
    records = project.store.events_of(run_id)
    if any(isinstance(record.event, (PlanMade, RunClosed)) for record in records):
        _refuse_other_inputs(records, plan, request)
        raise KnownKeyError(run_id, request.key or "")


def _refuse_other_inputs(records: Sequence[Recorded], plan: Plan, request: KickoffRequested) -> None:
    """Tell a person whose key stands for something else; what starts by itself repeats its own keys only."""
    made = next((record.event for record in records if isinstance(record.event, PlanMade)), None)
    if request.source == "person" and made is not None and made.inputs_digest != plan.inputs_digest:
        raise InvalidError(
            f"the key {request.key!r} was used with other inputs, by run {records[0].run_id}",
            help="take another key, or the same inputs as then",
        )
