"""Starts and schedules remembered in memory, held to the same contract as the real ones."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from crewctl.running.starts import GOING, Kind, Known, Memory, Pause, Start


class MemoryStarts:
    """The Starts port over a dict."""

    def __init__(self) -> None:
        self._starts: dict[str, Start] = {}
        self._lock = threading.Lock()

    def claim(self, start: Start) -> bool:
        """Add the start unless its key is there."""
        with self._lock:
            if start.key in self._starts:
                return False
            self._starts[start.key] = replace(start, touched=start.touched or start.at)
            return True

    def take_over(self, start: Start, worker: str, now: datetime) -> bool:
        """Claim it again where it is still as it was read."""
        with self._lock:
            known = self._starts[start.key]
            if (known.state, known.touched) != (start.state, start.touched):
                return False
            self._starts[start.key] = replace(known, state="claimed", worker=worker, touched=now)
            return True

    def settle(self, start: Start, now: datetime) -> None:
        """Write down what became of it."""
        with self._lock:
            known = self._starts[start.key]
            self._starts[start.key] = replace(
                known,
                state=start.state,
                run=start.run,
                note=start.note,
                inputs_sha256=start.inputs_sha256,
                touched=now,
            )

    def find(self, key: str) -> Start | None:
        """Return the start with this key."""
        return self._starts.get(key)

    def unsettled(self, *, held_before: datetime, claimed_before: datetime) -> Sequence[Start]:
        """Return what waits, or was left behind."""
        before = {"held": held_before, "claimed": min(held_before, claimed_before)}
        found = [
            start
            for start in self._starts.values()
            if start.state in before and start.touched is not None and start.touched < before[start.state]
        ]
        return sorted(found, key=lambda start: (start.at, start.key))

    def of_schedule(
        self, kind: Kind, crew: str, name: str, most: int, *, going: bool = False
    ) -> Sequence[Start]:
        """Return the newest starts of a schedule or trigger."""
        return [
            start
            for start in self.latest(crew, len(self._starts))
            if (start.kind, start.name) == (kind, name) and (not going or start.state in GOING)
        ][:most]

    def latest(self, crew: str | None, most: int) -> Sequence[Start]:
        """Return the newest starts of a crew or of all."""
        found = [start for start in self._starts.values() if crew in (None, start.crew)]
        return sorted(found, key=lambda start: (start.at, start.key), reverse=True)[:most]


class MemorySchedules:
    """The ScheduleMemory port over dicts; `starts` tells what was dealt with last."""

    def __init__(self, starts: MemoryStarts) -> None:
        self._starts = starts
        self._known: dict[tuple[str, str, str], tuple[Known, datetime]] = {}
        self._pauses: dict[str, Pause] = {}

    def learn(self, known: Sequence[Known], broken: Sequence[str], now: datetime) -> None:
        """Note what is new, what has changed and what is gone."""
        after = {(each.kind, each.crew, each.name): each for each in known}
        for place in [place for place in self._known if place not in after and place[1] not in broken]:
            del self._known[place]
        for place, each in after.items():
            if place not in self._known or self._known[place][0] != each:
                self._known[place] = (each, now)

    def known(self, crew: str) -> Sequence[Known]:
        """Return what was last known of a crew."""
        return [each for place, (each, _) in sorted(self._known.items()) if place[1] == crew]

    def of(self, kind: Kind, crew: str, name: str) -> Memory | None:
        """Return since when it counts, what was dealt with last, and its pause."""
        if (kind, crew, name) not in self._known:
            return None
        last = self._starts.of_schedule(kind, crew, name, 1)
        since = self._known[kind, crew, name][1]
        return Memory(since, last[0].at if last else None, self._pauses.get(crew))

    def pause(self, crew: str, pause: Pause) -> Pause | None:
        """Pause the crew, unless it is paused."""
        before = self._pauses.get(crew)
        self._pauses.setdefault(crew, pause)
        return before

    def resume(self, crew: str, now: datetime) -> Pause | None:
        """Lift the pause; the crew's schedules count from now on."""
        before = self._pauses.pop(crew, None)
        if before is not None:
            for place, (each, _) in self._known.items():
                if place[1] == crew:
                    self._known[place] = (each, now)
        return before

    def pauses(self) -> dict[str, Pause]:
        """Return every pause, by crew."""
        return dict(self._pauses)


class MemoryEndings:
    """The Endings port over a list of runs: (id, crew, closed)."""

    def __init__(self) -> None:
        self.runs: list[tuple[str, str, bool]] = []
        self._marks: dict[str, int] = {}

    def change(self) -> tuple[int, int]:
        """Return how many runs there are and how many are open."""
        return len(self.runs), sum(not closed for _, _, closed in self.runs)

    def closed(self, crew: str, after: int) -> Sequence[str]:
        """Return the crew's closed runs above the mark."""
        numbered = enumerate(self.runs, start=1)
        return [run for number, (run, of, closed) in numbered if number > after and of == crew and closed]

    def mark(self, crew: str, after: int) -> int:
        """Return the number below the crew's first open run."""
        still_open = [n for n, (_, of, closed) in enumerate(self.runs, 1) if of == crew and not closed]
        return max(after, min([len(self.runs), *(number - 1 for number in still_open)]))

    def kept_mark(self, crew: str) -> int | None:
        """Return the mark below which nothing is left to do."""
        return self._marks.get(crew)

    def keep_mark(self, crew: str, mark: int) -> None:
        """Remember the mark, which only rises."""
        self._marks[crew] = max(mark, self._marks.get(crew, 0))
