"""Ask a person about a step that failed: once more, a text in its place, or without it."""

from __future__ import annotations

from crewctl.audit.events_people import CardAnswered
from crewctl.planning.plan import PlannedTask
from crewctl.processes.rooms import ProcessRooms
from crewctl.processes.tries import Tries
from crewctl.running.cards import Asking
from crewctl.running.port import StepResult, Suspended

MOST_ATTEMPTS = 50
"""Attempts at one step after which nobody is asked any more: a rule that says yes must not go on for ever."""


def asked_about(
    task: PlannedTask, step: str, tries: Tries, result: StepResult, rooms: ProcessRooms
) -> CardAnswered | None:
    """Return what was answered to the failure of this attempt; None where nobody can be asked.

    Suspended while there is no answer. Each attempt that fails has a card of its own.
    """
    if rooms.desk is None or tries.attempt >= MOST_ATTEMPTS:
        return None
    error = result.error or result.outcome.replace("_", " ")
    asking = Asking(
        key=f"failed.{step}.{tries.attempt}",
        source="failed_step",
        asks=f"{task.name!r} failed after {tries.attempt} attempts: is it to be tried once more (approve), "
        "is a text of yours to stand in its place (amend), or does the run go on without it (skip)?",
        step=step,
        task=task.name,
        agent=tries.agent or task.agent or "",
        subject=error.encode(),
    )
    answer = rooms.desk.answer_to(asking)
    if answer is None:
        raise Suspended(rooms.desk.ask(asking).card)
    return answer
