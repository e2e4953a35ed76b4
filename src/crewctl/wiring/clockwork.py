"""Starts crews by the clock, when other crews have ended, and for files that were dropped: a tick at a time."""

from __future__ import annotations

import time
from collections import deque
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from crewctl.adapters.spool import Spool
from crewctl.adapters.sql_schedules import SqlEndings
from crewctl.errors import LostDatabaseError
from crewctl.registry.by_endings import Account, ByEndings
from crewctl.registry.by_files import ByFiles
from crewctl.registry.by_the_clock import ByTheClock, Work
from crewctl.registry.carry_out import StartRooms
from crewctl.registry.left_over import LeftOver
from crewctl.registry.schedule_book import ScheduleBook
from crewctl.running.starts import Start
from crewctl.wiring.starting_line import ProjectLine, worker_name

if TYPE_CHECKING:
    from crewctl.wiring.project import Project

BUDGET = 0.5
"""Seconds of one tick after which what is still to be started waits for the next: a worker must beat in between."""


COMPLAIN_AGAIN = timedelta(minutes=10)


class Clockwork:
    """One worker's share of starting crews. Used by one thread; every start is one worker's, whoever ticks."""

    def __init__(self, project: Project) -> None:
        self._line = ProjectLine(project)
        memory = project.schedule_memory
        rooms = StartRooms(project.starts, self._line, worker_name())
        account = Account(SqlEndings(project.database), project.store, project.contents)
        self._book = ScheduleBook(project.root, memory)
        self._clock = ByTheClock(self._book, memory, rooms)
        self._endings = ByEndings(self._book, memory, account, rooms)
        self._files = ByFiles(Spool(project.root), rooms)
        self._left = LeftOver(self._book, memory, self._endings, rooms)
        self._waiting: deque[Work] = deque()
        self._complained: dict[str, datetime] = {}

    def tick(self, now: datetime) -> list[Start]:
        """Start what is due at `now`, aware; return what became of each start that was dealt with.

        What does not fit into half a second is dealt with in the next tick. StoreError where the database
        cannot be used; nothing is lost then, for the next worker finds it.
        """
        done: list[Start | None] = []
        if not self._waiting:
            done += self._look(now)
        self._line.read_anew()
        told = len(done)
        begun = time.monotonic()
        while self._waiting and (len(done) == told or time.monotonic() - begun < BUDGET):
            done.append(self._waiting.popleft()(now))
        return [start for start in done if start is not None]

    def _look(self, now: datetime) -> list[Start]:
        """Find what is to be done; what keeps one duty from looking is told, and keeps no other from it."""
        complaints = []
        for duty in (
            self._refresh,
            self._left.works,
            self._clock.works,
            self._endings.works,
            self._files.works,
        ):
            try:
                self._waiting.extend(duty(now))
            except LostDatabaseError:
                raise
            except Exception as error:  # noqa: BLE001 - a worker that died of one crew's file would start nobody's
                complaints += self._complaint(f"{type(error).__name__}: {error}", now)
        return complaints

    def _refresh(self, now: datetime) -> list[Work]:
        if self._book.refresh(now):
            self._clock.look_at_all()
            self._endings.look_at_all()
        return []

    def _complaint(self, why: str, now: datetime) -> list[Start]:
        """Return what is told of it, seldom: the same holds every second."""
        told = self._complained.get(why)
        if told is not None and timedelta(0) <= now - told < COMPLAIN_AGAIN:
            return []
        self._complained[why] = now
        return [Start("", "schedule", "every crew", "clockwork", now, state="failed", note=why)]
