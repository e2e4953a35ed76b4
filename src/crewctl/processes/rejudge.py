"""Judge the drafts of an earlier market run again: the judges are asked, and nobody else."""

from __future__ import annotations

from crewctl.audit.events import DraftsTaken, VerdictGiven
from crewctl.judging.case import Case
from crewctl.judging.choose import choose
from crewctl.planning.plan import Plan
from crewctl.planning.rendering import filled
from crewctl.processes.market_judging import case_of, give, judge_of
from crewctl.processes.outcome import Outcome
from crewctl.processes.recorded import RecordedDrafts
from crewctl.processes.recording import recorded_once
from crewctl.processes.rooms import ProcessRooms
from crewctl.running.port import Steps


def rejudge(plan: Plan, rooms: ProcessRooms, steps: Steps) -> Outcome:
    """Have the plan's judges choose between recorded drafts, for the task they were written for.

    No output file is written: what an earlier run gave out stays as it is. Of a market that merges, the
    choice between its drafts is made again, and no merged text is written.
    """
    recorded = rooms.recorded
    if recorded is None:
        raise AssertionError("there are recorded drafts to judge")
    steps.do("drafts", lambda: _take(recorded, rooms), DraftsTaken)
    verdict = choose(_case(plan, recorded, rooms), judge_of(plan, rooms, steps))
    given = steps.do("verdict", lambda: give(verdict, rooms), VerdictGiven)
    if given.contestant is None:
        return Outcome(how="undecided", error=verdict.reasoning.partition("\n")[0])
    return Outcome(how="finished", output=recorded.output_of(given.contestant))


def _case(plan: Plan, recorded: RecordedDrafts, rooms: ProcessRooms) -> Case:
    drafts = recorded.texts(rooms.contents)
    words = {"description": recorded.description, "expected_output": recorded.expected_output}
    alone = {"decision": "select", "editor": None}
    return case_of(filled(plan), drafts, rooms.run_id).model_copy(update=words | alone)


def _take(recorded: RecordedDrafts, rooms: ProcessRooms) -> DraftsTaken:
    return recorded_once(
        rooms.store,
        rooms.run_id,
        DraftsTaken,
        lambda _: True,
        lambda: DraftsTaken(run=recorded.run_id, drafts=recorded.drafts),
    )
