"""Starts crews by the clock, when other crews have ended, and for files that were dropped: a tick at a time."""

from __future__ import annotations

import time
from collections import deque
from datetime import datetime
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from crewctl.adapters.spool import Spool
from crewctl.adapters.sql_schedules import SqlEndings
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

    def tick(self, now: datetime) -> list[Start]:
        """Start what is due at `now`, aware; return what became of each start that was dealt with.

        What does not fit into half a second is dealt with in the next tick. StoreError where the database
        cannot be used; nothing is lost then, for the next worker finds it.
        """
        if not self._waiting:
            self._look(now)
        self._line.read_anew()
        done: list[Start | None] = []
        begun = time.monotonic()
        while self._waiting and (not done or time.monotonic() - begun < BUDGET):
            done.append(self._waiting.popleft()(now))
        return [start for start in done if start is not None]

    def _look(self, now: datetime) -> None:
        if self._book.refresh(now):
            self._clock.look_at_all()
            self._endings.look_at_all()
        for duty in (self._left, self._clock, self._endings, self._files):
            self._waiting.extend(duty.works(now))


_RUNNING: WeakKeyDictionary[Project, Clockwork] = WeakKeyDictionary()


def tick(project: Project, now: datetime) -> list[Start]:
    """Do one tick of the project's clockwork, which is made the first time."""
    if project not in _RUNNING:
        _RUNNING[project] = Clockwork(project)
    return _RUNNING[project].tick(now)
