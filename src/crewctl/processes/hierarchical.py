"""The process `hierarchical`: every task led by the plan's manager, in order."""

from __future__ import annotations

from crewctl.planning.plan import Plan
from crewctl.processes.in_order import final_outcome, run_in_order
from crewctl.processes.outcome import Outcome
from crewctl.processes.rooms import ProcessRooms
from crewctl.running.port import Steps


def hierarchical(plan: Plan, rooms: ProcessRooms, steps: Steps) -> Outcome:
    """Run the plan's tasks, each a step of its own; the child reads from the plan that a manager leads.

    A manager keeps nothing from one task to the next in CrewAI either, but the outputs, which are context.
    """
    return final_outcome(run_in_order(plan, rooms, steps))
