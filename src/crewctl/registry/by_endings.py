"""Finds the runs that have ended since it last looked, and starts the crews that wait for them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from crewctl.audit.port import ContentStore, RunStore
from crewctl.audit.run_state import RunState
from crewctl.catalogue.specs.schedule_spec import TriggerSpec
from crewctl.errors import InvalidError
from crewctl.registry.by_the_clock import Work
from crewctl.registry.carry_out import StartRooms, carry_out, said_of, settled
from crewctl.registry.not_now import not_now
from crewctl.registry.schedule_book import Place, ScheduleBook
from crewctl.registry.set_off import ended_since, inputs_of, key_of
from crewctl.running.starts import Endings, ScheduleMemory, Start


@dataclass(frozen=True)
class Account:
    """Where it is kept what runs did."""

    endings: Endings
    store: RunStore
    contents: ContentStore


class ByEndings:
    """Remembers what it has looked at, so that a look when nothing has ended is one small question."""

    def __init__(
        self, book: ScheduleBook, memory: ScheduleMemory, account: Account, rooms: StartRooms
    ) -> None:
        self._book = book
        self._memory = memory
        self._account = account
        self._rooms = rooms
        self._seen: tuple[int, int] | None = None
        self._marks: dict[str, int] = {}
        self._looked_at: dict[str, set[str]] = {}

    def look_at_all(self) -> None:
        """Look at every trigger in the next tick: the entries have been read again."""
        self._seen = None

    def works(self, now: datetime) -> list[Work]:
        """Return what is to be started; to be called again only when all of it has been."""
        del now
        if not self._book.triggers:
            return []
        for crew, mark in self._marks.items():
            # What the last look found has been started by now.
            if mark > (self._account.endings.kept_mark(crew) or 0):
                self._account.endings.keep_mark(crew, mark)
        self._marks = {}
        seen = self._account.endings.change()
        if seen == self._seen:
            return []
        self._seen = seen
        crews = sorted({trigger.crew for trigger in self._book.triggers.values()})
        return [work for crew in crews for work in self._of_crew(crew)]

    def again(self, start: Start, trigger: TriggerSpec, now: datetime) -> Start:
        """Carry out a start that was held back, or left by a worker that died."""
        state = ended_since(
            self._account.store.events_of(start.of or ""), datetime.min.replace(tzinfo=now.tzinfo)
        )
        if state is None:
            return settled(replace(start, state="failed", note=f"run {start.of} is gone"), self._rooms, now)
        return self._carry_out(start, trigger, state, now)

    def _of_crew(self, crew: str) -> list[Work]:
        endings = self._account.endings
        after = endings.kept_mark(crew)
        if after is None:
            # Nobody has waited for this crew before: what ended long ago need not be read.
            after = endings.mark(crew, 0)
            endings.keep_mark(crew, after)
        mark = endings.mark(crew, after)
        closed = endings.closed(crew, after)
        known = self._looked_at.get(crew, set())
        waiting = {place: each for place, each in self._book.triggers.items() if each.crew == crew}
        works: list[Work] = []
        for run_id in closed:
            if run_id not in known:
                works += self._set_off_by(run_id, waiting)
        self._looked_at[crew] = set(closed)
        self._marks[crew] = mark
        return works

    def _set_off_by(self, run_id: str, waiting: dict[Place, TriggerSpec]) -> list[Work]:
        records = self._account.store.events_of(run_id)
        works: list[Work] = []
        for place, trigger in waiting.items():
            memory = self._memory.of("trigger", *place)
            state = ended_since(records, memory.since) if memory is not None else None
            if memory is not None and state is not None and state.outcome == trigger.outcome:
                paused = "" if memory.pause is None else f"paused by {memory.pause.by}: {memory.pause.why}"
                works.append(partial(self._fire, place, trigger, state, paused))
        return works

    def _fire(
        self, place: Place, trigger: TriggerSpec, state: RunState, paused: str, now: datetime
    ) -> Start | None:
        crew, name = place
        start = Start(
            key=key_of(crew, trigger, state.run_id),
            kind="trigger",
            crew=crew,
            name=name,
            at=state.ended_at or now,
            of=state.run_id,
            worker=self._rooms.worker,
            touched=now,
        )
        if paused:
            skipped = replace(start, state="skipped", note=paused)
            return skipped if self._rooms.starts.claim(skipped) else None
        if not self._rooms.starts.claim(start):
            return None
        return self._carry_out(start, trigger, state, now)

    def _carry_out(self, start: Start, trigger: TriggerSpec, state: RunState, now: datetime) -> Start:
        kept_back = not_now(start, trigger.overlap, self._rooms, now)
        if kept_back is not None:
            return kept_back
        try:
            inputs = inputs_of(trigger, state, self._account.contents)
        except InvalidError as error:
            return settled(replace(start, state="failed", note=said_of(error)), self._rooms, now)
        # Whoever asked for that run asked for this one too, or nobody could be told to keep out of it.
        by = "" if state.request is None else state.request.by
        return carry_out(start, inputs, self._rooms, now, by)
