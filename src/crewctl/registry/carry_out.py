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
from crewctl.diagnostics.render import render
from crewctl.errors import CrewctlError, LostDatabaseError, StoreError
from crewctl.planning.inputs import Value
from crewctl.planning.plan import Plan
from crewctl.running.starts import Start, Starts


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

    def suspended(self, crew: str) -> str:
        """Say who has suspended the crew and why; nothing when nobody has."""
        ...


@dataclass(frozen=True)
class StartRooms:
    """What a start needs; `worker` names the process that claims it."""

    starts: Starts
    line: Line
    worker: str


def carry_out(
    start: Start, inputs: Mapping[str, Value], rooms: StartRooms, now: datetime, by: str = ""
) -> Start:
    """Plan the crew and ask for its run; return the start as it is kept.

    `by` is who stands behind it, where that is a person. What stands in the way is kept with the start: its problems, or why it is held back. Where something
    cannot be kept the start stays claimed, and a worker takes it over later. LostDatabaseError.
    """
    try:
        held = rooms.line.held_back(start.kind)
        if held:
            return settled(replace(start, state="held", note=held), rooms, now)
        plan = rooms.line.plan(start.crew, inputs)
        start = replace(start, inputs_sha256=start.inputs_sha256 or digest_of(plan.inputs))
        run = rooms.line.enqueue(plan, _request(start, rooms.line, by))
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
_NOBODY = {"schedule": "the schedule '{name}'", "webhook": "the webhook"}


def _request(start: Start, line: Line, by: str) -> KickoffRequested:
    """Return the request of the person behind the start; of nobody, where there is none."""
    request = line.request(start.crew, source=start.kind, of=start.of, key=start.key, detached=True)
    nobody = _NOBODY.get(start.kind, "nobody known").format(name=start.name)
    return request.model_copy(update={"by": by or nobody})
