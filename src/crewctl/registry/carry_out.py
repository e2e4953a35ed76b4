"""Takes one claimed start to its end: a run that was asked for, or a note of why there is none."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from crewctl.audit.events import KickoffRequested
from crewctl.audit.events_work import Source
from crewctl.catalogue.specs.schedule_spec import ScheduleSpec
from crewctl.diagnostics.render import render
from crewctl.errors import CrewctlError, LostDatabaseError, StoreError
from crewctl.planning.inputs import Value
from crewctl.planning.plan import Plan
from crewctl.running.starts import Start, Starts

WAITS = "waits for"
"""How the note of a start begins that is held back by an earlier one, and not by people."""

MOST_LOOKED_AT = 50
"""Earlier starts of a schedule that are looked at for one whose run still goes on."""


class Line(Protocol):
    """The way into the line, for whoever starts a crew without a terminal."""

    def plan(self, crew: str, inputs: Mapping[str, Value]) -> Plan:
        """Plan the crew from the files as they are now; InvalidError with `.problems`, or NotFoundError."""
        ...

    def request(self, crew: str, **asked: Any) -> KickoffRequested:
        """Return a request with the host and the process that make it."""
        ...

    def enqueue(self, plan: Plan, request: KickoffRequested) -> str:
        """Leave the plan to a worker and return the run's id; with the same key, always the same run."""
        ...

    def open_runs(self) -> Collection[str]:
        """Return the runs that have not ended."""
        ...

    def held_back(self, source: Source) -> str:
        """Say why people have too much to decide for such a start; nothing when it may go on."""
        ...


@dataclass(frozen=True)
class StartRooms:
    """What a start needs; `worker` names the process that claims it."""

    starts: Starts
    line: Line
    worker: str


def carry_out(start: Start, inputs: Mapping[str, Value], rooms: StartRooms, now: datetime) -> Start:
    """Plan the crew and ask for its run; return the start as it is kept.

    What stands in the way is kept with the start: its problems, or why it is held back. Where something
    cannot be kept the start stays claimed, and a worker takes it over later. LostDatabaseError.
    """
    try:
        held = rooms.line.held_back(start.kind)
        if held:
            return settled(replace(start, state="held", note=held), rooms, now)
        plan = rooms.line.plan(start.crew, inputs)
        start = replace(start, inputs_sha256=start.inputs_sha256 or digest_of(plan.inputs))
        run = rooms.line.enqueue(plan, _request(start, rooms.line))
    except LostDatabaseError:
        raise
    except StoreError as error:
        return replace(start, note=said_of(error))
    except CrewctlError as error:
        failed = replace(start, state="failed", note=without_values(error), told=said_of(error))
        return settled(failed, rooms, now)
    except Exception as error:  # noqa: BLE001 - one crew's bug must not silence the others' schedules
        note = f"this is a bug in crewctl: {type(error).__name__}: {error}"
        return settled(replace(start, state="failed", note=note), rooms, now)
    return settled(replace(start, state="started", run=run, note=""), rooms, now)


def carry_out_schedule(start: Start, schedule: ScheduleSpec, rooms: StartRooms, now: datetime) -> Start:
    """Carry out a schedule's start, unless an earlier one still goes on and the schedule says otherwise."""
    before = _still_going(start, rooms) if schedule.overlap != "allow" else None
    if before is None:
        return carry_out(start, schedule.inputs, rooms, now)
    which = f"run {before.run}" if before.run else "an earlier start"
    if schedule.overlap == "skip":
        return settled(replace(start, state="skipped", note=f"{which} of this schedule goes on"), rooms, now)
    return settled(replace(start, state="held", note=f"{WAITS} {which} of this schedule"), rooms, now)


def settled(start: Start, rooms: StartRooms, now: datetime) -> Start:
    """Keep what became of the start."""
    rooms.starts.settle(start, now)
    return start


def said_of(error: CrewctlError) -> str:
    """Return what went wrong, every problem with its place on a line of its own."""
    problems = getattr(error, "problems", ())
    if problems:
        return render(problems, {}, "concise").rstrip()
    return f"{error.message}; {error.help}" if error.help else error.message


def without_values(error: CrewctlError) -> str:
    """Return the same without what was given as an input: a start is kept for good, and inputs can be erased."""
    problems = getattr(error, "problems", ())
    if not problems:
        return said_of(error)
    kept = [
        replace(each, message=_UNFIT.sub(r"\1 does not fit", each.message))
        if each.rule == "bad-input"
        else each
        for each in problems
    ]
    return render(kept, {}, "concise").rstrip()


def digest_of(inputs: Mapping[str, Value]) -> str:
    """Return the SHA-256, in hex, by which the same inputs are recognised."""
    return hashlib.sha256(json.dumps(dict(inputs), sort_keys=True).encode()).hexdigest()


_UNFIT = re.compile(r"^(input '[A-Za-z0-9_-]*').*", re.DOTALL)
_ASKED_BY = {
    "schedule": "the schedule '{name}'",
    "trigger": "the trigger on {name}",
    "spool": "the file {name}",
    "webhook": "the webhook",
}


def _request(start: Start, line: Line) -> KickoffRequested:
    request = line.request(start.crew, source=start.kind, of=start.of, key=start.key, detached=True)
    # Nobody asked in person, so nobody is kept from answering this run's cards.
    return request.model_copy(update={"by": _ASKED_BY[start.kind].format(name=start.name)})


def _still_going(start: Start, rooms: StartRooms) -> Start | None:
    earlier = [
        each
        for each in rooms.starts.of_schedule(start.kind, start.crew, start.name, MOST_LOOKED_AT)
        if each.key != start.key and each.at <= start.at
    ]
    open_runs = rooms.line.open_runs() if any(each.state == "started" for each in earlier) else ()
    return next(
        (
            each
            for each in earlier
            if each.state in ("held", "claimed") or (each.state == "started" and each.run in open_runs)
        ),
        None,
    )
