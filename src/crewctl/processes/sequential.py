"""The process `sequential`: every task by its own agent, in order."""

from __future__ import annotations

from crewctl.planning.plan import Plan
from crewctl.processes.in_order import final_outcome, run_in_order
from crewctl.processes.outcome import Outcome
from crewctl.processes.rooms import ProcessRooms
from crewctl.running.port import Steps


def sequential(plan: Plan, rooms: ProcessRooms, steps: Steps) -> Outcome:
    """Run the plan's tasks; the last output that is not empty is the crew's."""
    return final_outcome(run_in_order(plan, rooms, steps))
