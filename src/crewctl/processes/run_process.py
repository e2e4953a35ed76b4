"""The table of processes, and the one way to run any of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from crewctl.planning.plan import Plan
from crewctl.processes.hierarchical import hierarchical
from crewctl.processes.kept_steps import with_kept
from crewctl.processes.market import market
from crewctl.processes.outcome import Outcome, ProcessEnded
from crewctl.processes.rejudge import rejudge
from crewctl.processes.rooms import ProcessRooms
from crewctl.processes.sequential import sequential
from crewctl.processes.tries import TriesBook
from crewctl.running.cards import desk_of
from crewctl.running.port import Steps

PROCESSES: Mapping[str, Callable[[Plan, ProcessRooms, Steps], Outcome]] = {
    "sequential": sequential,
    "hierarchical": hierarchical,
    "market": market,
}


def run_process(plan: Plan, rooms: ProcessRooms, steps: Steps) -> Outcome:
    """Run the plan to its outcome, or judge recorded drafts as it says; what ended a step early is an outcome, never an exception."""
    if rooms.clock is not None and rooms.desk is None:
        desk = desk_of(plan, rooms.run_id, rooms.store, rooms.contents, rooms.clock)
        rooms = replace(rooms, desk=desk)
    rooms = replace(rooms, tries=TriesBook(rooms.store, rooms.run_id))
    plan, steps = with_kept(plan, rooms.run_id, rooms.store, rooms.contents, steps)
    try:
        process = PROCESSES[plan.process] if rooms.recorded is None else rejudge
        return process(plan, rooms, steps)
    except ProcessEnded as ended:
        return ended.outcome
