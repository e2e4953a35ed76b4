"""Starts crews for files that were dropped into the spool folder, and lays the files aside."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from crewctl.diagnostics.visible import one_line
from crewctl.errors import InvalidError, StoreError
from crewctl.registry.by_the_clock import Work
from crewctl.registry.carry_out import StartRooms, carry_out, said_of, settled
from crewctl.registry.given_inputs import inputs_from_json
from crewctl.running.starts import Dropped, Files, Start

LOOK_FOR_LEFT = timedelta(seconds=10)
"""How often it is looked for files that a worker took and did not lay aside."""


class ByFiles:
    """Takes files as they come; a file's token is the key of its kickoff, so it starts one run."""

    def __init__(self, files: Files, rooms: StartRooms) -> None:
        self._files = files
        self._rooms = rooms
        self._looked: datetime | None = None
        self._held: set[str] = set()

    def works(self, now: datetime) -> list[Work]:
        """Return what is to be done about the files that lie there now."""
        try:
            crews = self._files.crews()
        except (StoreError, OSError) as error:
            return [partial(self._unusable, "", str(error))]
        works: list[Work] = []
        look_for_left = self._looked is None or not timedelta(0) <= now - self._looked < LOOK_FOR_LEFT
        full = self._rooms.line.held_back("spool") if look_for_left and self._held else ""
        for crew in crews:
            try:
                works += [partial(self._start, each) for each in self._files.take(crew)]
                if look_for_left:
                    left = self._files.left(crew)
                    works += [
                        partial(self._again, each) for each in left if not (full and each.token in self._held)
                    ]
            except (StoreError, OSError) as error:
                works.append(partial(self._unusable, crew, str(error)))
        if look_for_left:
            self._looked = now
        return works

    def _unusable(self, crew: str, why: str, now: datetime) -> Start | None:
        """Note once a day that a folder cannot be used; the other crews' files are taken all the same."""
        key = f"spool:{crew}:unusable:{now:%Y-%m-%d}"
        start = Start(key, "spool", crew, "its folder", now, state="failed", note=why, touched=now)
        return start if self._rooms.starts.claim(start) else None

    def _again(self, dropped: Dropped, now: datetime) -> Start | None:
        """Take up a file that was held back, or left by a worker that died; of what is held back still, say no more."""
        told = dropped.token in self._held
        start = self._start(self._files.read(dropped), now)
        return None if told and start.state == "held" else start

    def _start(self, dropped: Dropped, now: datetime) -> Start:
        key = f"spool:{dropped.crew}:{dropped.token}"
        known = self._rooms.starts.find(key)
        start = known or Start(
            key, "spool", dropped.crew, dropped.name, now, worker=self._rooms.worker, touched=now
        )
        if known is None:
            self._rooms.starts.claim(start)
        if start.state in ("claimed", "held"):
            start = self._carried_out(start, dropped, now)
        if start.state == "held":
            self._held.add(dropped.token)
        else:
            self._held.discard(dropped.token)
        if start.state == "started":
            self._files.done(dropped)
        elif start.state not in ("held", "claimed"):  # those are found again among what was left
            self._files.failed(dropped, f"{one_line(dropped.name)}: not started\n{start.told or start.note}")
        return start

    def _carried_out(self, start: Start, dropped: Dropped, now: datetime) -> Start:
        if dropped.problem:
            return settled(replace(start, state="failed", note=dropped.problem), self._rooms, now)
        try:
            inputs = inputs_from_json(dropped.content)
        except InvalidError as error:
            return settled(replace(start, state="failed", note=said_of(error)), self._rooms, now)
        return carry_out(start, inputs, self._rooms, now, dropped.by)
