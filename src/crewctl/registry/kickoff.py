"""The line: from a request over approval and process to a report."""

from __future__ import annotations

from crewctl.audit.events import RunStarted
from crewctl.audit.events_faults import DeadLettered
from crewctl.errors import CrewctlError, FencedError, LostDatabaseError
from crewctl.planning.plan import Plan
from crewctl.planning.rehearsal import is_rehearsal
from crewctl.processes.run_process import run_process
from crewctl.registry.announce import announce
from crewctl.registry.card_approval import wait_for_approval
from crewctl.registry.close import (
    Closed,
    Ending,
    PutDown,
    close,
    closed_if_broken,
    ending_of,
    ending_of_error,
    ending_of_refusal,
    put_down,
)
from crewctl.registry.gate import ask_again, ask_at_the_end
from crewctl.registry.poison import killed_too_often
from crewctl.registry.rooms import Rooms
from crewctl.running.port import Steps, Suspended


def kickoff(plan: Plan, rooms: Rooms, steps: Steps) -> Closed | PutDown:
    """Take one plan down the line: request, approval, process, report.

    The same call with the same run and memory takes it up again. Whatever is raised closes the run
    first; but a run that waits for people is put down, and Abandoned leaves it to another process.
    """
    try:
        with closed_if_broken(rooms):
            announce(rooms.run_id, plan, rooms.request, rooms.store, rooms.contents)
            if why := killed_too_often(rooms.store.events_of(rooms.run_id)):
                if not rooms.has(DeadLettered):
                    rooms.record(DeadLettered(why=why))
                return close(rooms, ending_of_error(CrewctlError(why)))
            _refuse_disguise(plan, rooms)
            if not rooms.rehearsal:
                decision = wait_for_approval(plan, rooms, steps)
                if decision.decision != "approved":
                    return close(rooms, ending_of_refusal(decision), decision)
            return close(rooms, _run(plan, rooms, steps))
    except Suspended:
        return put_down(rooms)


def _refuse_disguise(plan: Plan, rooms: Rooms) -> None:
    """Keep what only has the name of a rehearsal from running: the gate is not asked about rehearsals."""
    if rooms.rehearsal and rooms.request.source != "replay" and not is_rehearsal(plan):
        raise CrewctlError("a rehearsal was asked for, and its plan could ask models or run tools")


def _run(plan: Plan, rooms: Rooms, steps: Steps) -> Ending:
    """Run the process behind the gate, which is asked again whenever the run has come back."""
    if not rooms.has(RunStarted):
        rooms.record(RunStarted())
    try:
        with steps.guarded_by(lambda: _still_approved(plan, rooms)), rooms.open_engine(plan) as engine:
            outcome = run_process(plan, rooms.process(engine), steps)
        if outcome.how in {"finished", "undecided"} and not rooms.rehearsal:
            ask_at_the_end(plan, rooms)
    except (FencedError, LostDatabaseError):
        raise
    except (CrewctlError, KeyboardInterrupt) as error:
        return ending_of_error(error)
    return ending_of(outcome, rooms.stop.cause)


def _still_approved(plan: Plan, rooms: Rooms) -> None:
    if not rooms.rehearsal:
        ask_again(plan, rooms)
