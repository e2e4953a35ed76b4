"""Finds the schedules that are due, and starts their crews: the riskiest last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from crewctl.catalogue.specs.schedule_spec import ScheduleSpec
from crewctl.registry.carry_out import StartRooms, carry_out
from crewctl.registry.due import Firing, due, key_of, next_start
from crewctl.registry.not_now import not_now
from crewctl.registry.schedule_book import Place, ScheduleBook
from crewctl.running.starts import Memory, ScheduleMemory, Start

Work = Callable[[datetime], Start | None]
"""One start that is to be carried out; None when another worker was faster."""

LONGEST_WAIT = timedelta(minutes=15)
"""A schedule is looked at this often at least, whatever its next time is: a clock may be put right."""


class ByTheClock:
    """Knows when each schedule is due next, so that a look at hundreds that are not costs next to nothing."""

    def __init__(self, book: ScheduleBook, memory: ScheduleMemory, rooms: StartRooms) -> None:
        self._book = book
        self._memory = memory
        self._rooms = rooms
        self._next: dict[Place, tuple[datetime, datetime]] = {}

    def look_at_all(self) -> None:
        """Look at every schedule in the next tick: the entries have been read again."""
        self._next = {}

    def works(self, now: datetime) -> list[Work]:
        """Return what is to be started now, the least risky first, and of each schedule in order."""
        found: list[tuple[int, datetime, str, Work]] = []
        for place, schedule in self._book.schedules.items():
            if self._is_due(place, now):
                for firing in self._firings(place, schedule, now):
                    work = partial(self._fire, place, schedule, firing)
                    found.append((self._book.rank(place[0]), firing.at, place[0], work))
        return [work for *_, work in sorted(found, key=lambda each: each[:3])]

    def _is_due(self, place: Place, now: datetime) -> bool:
        if place not in self._next:
            return True
        looked, at = self._next[place]
        return not looked <= now < at

    def _firings(self, place: Place, schedule: ScheduleSpec, now: datetime) -> tuple[Firing, ...]:
        crew, name = place
        memory = self._memory.of("schedule", crew, name)
        if memory is None:
            # A worker with other files has forgotten it; what was started is still known by its key.
            memory = Memory(self._book.read_at or now, None, self._memory.pauses().get(crew))
        self._next[place] = (now, min(next_start(crew, schedule, now), now + LONGEST_WAIT))
        return due(crew, schedule, memory, now)

    def _fire(self, place: Place, schedule: ScheduleSpec, firing: Firing, now: datetime) -> Start | None:
        crew, name = place
        key = key_of(crew, name, firing.at)
        start = Start(key, "schedule", crew, name, firing.at, worker=self._rooms.worker, touched=now)
        if firing.what == "missed":
            missed = replace(start, state="missed", note=_missed(firing))
            return missed if self._rooms.starts.claim(missed) else None
        if not self._rooms.starts.claim(start):
            return None
        return carry_out_schedule(start, schedule, self._rooms, now)


def carry_out_schedule(start: Start, schedule: ScheduleSpec, rooms: StartRooms, now: datetime) -> Start:
    """Carry out a claimed start of a schedule, unless something keeps it from being made now."""
    return not_now(start, schedule.overlap, rooms, now) or carry_out(start, schedule.inputs, rooms, now)


def _missed(firing: Firing) -> str:
    count = firing.others + 1
    times = "1 time" if count == 1 else f"{'at least ' if firing.at_least else ''}{count} times"
    return f"{times} passed while no worker was there; this was the last"
