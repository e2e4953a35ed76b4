"""Which times of a schedule are to be started now: a pure function of the schedule, its memory and the time."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from crewctl.catalogue.specs.schedule_spec import ScheduleSpec
from crewctl.registry.fire_times import latest_times, next_time
from crewctl.running.starts import Memory

ON_TIME = timedelta(minutes=2)
"""A time that is no older is started as if nothing had happened, whatever `missed` says."""

MOST_MISSED = 24
"""Times that `missed: all` makes up for, at most: the newest."""

_LOOKED_AT = MOST_MISSED + 4
"""Those, the three that can be on time at once, and one that tells that there were more."""


@dataclass(frozen=True)
class Firing:
    """One time of a schedule, in UTC: to be started, or missed together with `others` before it.

    `at_least` says that the missed ones were not counted to the end.
    """

    at: datetime
    what: Literal["start", "missed"] = "start"
    others: int = 0
    at_least: bool = False


def due(crew: str, schedule: ScheduleSpec, memory: Memory, now: datetime) -> tuple[Firing, ...]:
    """Return what is to be done now, in the order of time; nothing for what is paused or switched off."""
    if memory.pause is not None or not schedule.enabled:
        return ()
    after = max(memory.since, memory.last_at or memory.since)
    until = now - shift_of(crew, schedule)
    if until <= after:
        return ()
    latest = latest_times(schedule.cron, schedule.timezone, after, until, _LOOKED_AT)
    on_time = [time for time in latest.times if until - time <= ON_TIME]
    late = list(latest.times[: len(latest.times) - len(on_time)])
    made_up_for = _made_up_for(schedule, late, on_time)
    missed = late[: len(late) - len(made_up_for)]
    dropped = [Firing(missed[-1], "missed", len(missed) - 1, latest.more)] if missed else []
    return (*dropped, *(Firing(time) for time in [*made_up_for, *on_time]))


def _made_up_for(schedule: ScheduleSpec, late: list[datetime], on_time: list[datetime]) -> list[datetime]:
    if schedule.missed == "all":
        return late[-MOST_MISSED:]
    # A start that is on time makes up for those before it as well as any.
    return late[-1:] if schedule.missed == "once" and not on_time else []


def next_start(crew: str, schedule: ScheduleSpec, after: datetime) -> datetime:
    """Return the first moment after `after` at which the schedule starts its crew, jitter included."""
    shift = shift_of(crew, schedule)
    return next_time(schedule.cron, schedule.timezone, after - shift) + shift


def shift_of(crew: str, schedule: ScheduleSpec) -> timedelta:
    """Return by how much every start of this schedule is put off: always the same, and the crew's own.

    So crews with one cron expression do not all start at once, and a start is never put off past the next.
    """
    if schedule.jitter is None:
        return timedelta(0)
    digest = hashlib.sha256(f"{crew}\n{schedule.name}".encode()).digest()
    share = int.from_bytes(digest[:8]) / 2**64
    return timedelta(seconds=round(schedule.jitter * share, 3))


def key_of(crew: str, schedule: str, at: datetime) -> str:
    """Return the key under which this time of this schedule is started once, by whichever worker."""
    return f"schedule:{crew}:{schedule}:{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
