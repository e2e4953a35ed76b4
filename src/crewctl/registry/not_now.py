"""Says which starts by the clock or by a trigger are not to be made, or not yet, although their moment has come."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from crewctl.catalogue.specs.schedule_spec import Overlap
from crewctl.registry.carry_out import StartRooms, settled
from crewctl.running.starts import Start

WAITS = "waits for"
"""How the note of a start begins that is held back by an earlier one, and not by people."""

MOST_LOOKED_AT = 50
"""Earlier starts of a schedule or trigger that are looked at for one whose run still goes on."""


def not_now(start: Start, overlap: Overlap, rooms: StartRooms, now: datetime) -> Start | None:
    """Settle a start that is not to be made now, and return it; None when it may be made.

    Of a suspended crew it would be a run that the gate refuses, and another at the next time. `overlap`
    says what becomes of it while the run of an earlier start goes on.
    """
    suspended = rooms.line.suspended(start.crew)
    if suspended:
        return settled(replace(start, state="skipped", note=suspended), rooms, now)
    before = _still_going(start, rooms) if overlap != "allow" else None
    if before is None:
        return None
    which = f"run {before.run}" if before.run else "an earlier start"
    if overlap == "skip":
        note = f"{which} of this {start.kind} goes on"
        return settled(replace(start, state="skipped", note=note), rooms, now)
    return settled(replace(start, state="held", note=f"{WAITS} {which} of this {start.kind}"), rooms, now)


def _still_going(start: Start, rooms: StartRooms) -> Start | None:
    place = (start.kind, start.crew, start.name)
    others = [
        each
        for each in rooms.starts.of_schedule(*place, MOST_LOOKED_AT, going=True)
        # Of those that wait, one has to be the first, also where two runs ended in the same moment.
        if each.key != start.key and (each.state == "started" or (each.at, each.key) < (start.at, start.key))
    ]
    open_runs = rooms.line.open_runs() if any(each.state == "started" for each in others) else ()
    return next((each for each in others if each.state != "started" or each.run in open_runs), None)
