"""Takes up starts that were held back, and those that a worker claimed and left when it died."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from crewctl.registry.by_endings import ByEndings
from crewctl.registry.by_the_clock import Work, carry_out_schedule
from crewctl.registry.carry_out import StartRooms, settled
from crewctl.registry.not_now import WAITS
from crewctl.registry.schedule_book import ScheduleBook
from crewctl.running.starts import Pause, ScheduleMemory, Start, State

HELD = timedelta(seconds=5)
"""After so long, what was held back is tried again."""

LEFT = timedelta(seconds=60)
"""After so long, a start that was claimed and came to nothing was left by a worker that died."""


class LeftOver:
    """Looks for such starts every few seconds."""

    def __init__(
        self, book: ScheduleBook, memory: ScheduleMemory, endings: ByEndings, rooms: StartRooms
    ) -> None:
        self._book = book
        self._memory = memory
        self._endings = endings
        self._rooms = rooms
        self._looked: datetime | None = None

    def works(self, now: datetime) -> list[Work]:
        """Return what is to be tried again, the least risky first."""
        if self._looked is not None and timedelta(0) <= now - self._looked < HELD:
            return []
        self._looked = now
        found = self._rooms.starts.unsettled(held_before=now - HELD, claimed_before=now - LEFT)
        found = [start for start in found if start.kind != "spool"]  # their files are found where they lie
        ordered = sorted(found, key=lambda start: (self._book.rank(start.crew), start.at))
        return [partial(self._try, start) for start in _without_others_before_them(ordered)]

    def _try(self, start: Start, now: datetime) -> Start | None:
        if not self._rooms.starts.take_over(start, self._rooms.worker, now):
            return None
        came = self._carried_out(replace(start, state="claimed"), now)
        # What is held back still was told when it was held back first.
        return None if (start.state, came.state) == ("held", "held") else came

    def _carried_out(self, start: Start, now: datetime) -> Start:
        place = (start.crew, start.name)
        gone = self._why_not(start)
        if gone:
            state: State = "failed" if start.kind == "webhook" else "skipped"
            return settled(replace(start, state=state, note=gone), self._rooms, now)
        if start.kind == "schedule":
            return carry_out_schedule(start, self._book.schedules[place], self._rooms, now)
        return self._endings.again(start, self._book.triggers[place], now)

    def _why_not(self, start: Start) -> str:
        """Say why the start cannot be made up for any more."""
        if start.kind == "webhook":
            return "the worker died before it answered; the sender may send the request again"
        place = (start.crew, start.name)
        known = self._book.schedules if start.kind == "schedule" else self._book.triggers
        if place not in known:
            return f"the {start.kind} was taken away or switched off before it could be started"
        pause: Pause | None = self._memory.pauses().get(start.crew)
        return f"paused by {pause.by}: {pause.why}" if pause is not None else ""


def _without_others_before_them(ordered: Sequence[Start]) -> Iterator[Start]:
    """Yield what is worth trying: of a queue the first, and of all that people hold back one.

    When people have caught up, one goes on at a time: all at once would fill the inbox again.
    """
    queues: set[tuple[str, ...]] = set()
    for start in ordered:
        if start.state == "held":
            queue = (start.kind, start.crew, start.name) if start.note.startswith(WAITS) else ()
            if queue in queues:
                continue
            queues.add(queue)
        yield start
