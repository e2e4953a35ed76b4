"""What is judged by whom, and the verdict's place in the account: the same for fresh and recorded drafts."""

from __future__ import annotations

from crewctl.audit.events import VerdictGiven
from crewctl.judging.case import Case, Seat
from crewctl.judging.drafts import Draft
from crewctl.judging.port import JudgeModel
from crewctl.judging.prompt import Persona
from crewctl.judging.verdict import PeopleAsked, Verdict
from crewctl.planning.plan import Plan, PlannedJudge
from crewctl.processes.judge_calls import EngineJudge
from crewctl.processes.recording import recorded_once
from crewctl.processes.rooms import ProcessRooms
from crewctl.running.port import Steps


def judge_of(plan: Plan, rooms: ProcessRooms, steps: Steps) -> JudgeModel:
    """Return whoever answers for the judges: the run's own judge, or the engine."""
    if rooms.judge is not None:
        return rooms.judge(plan, rooms, steps)
    return EngineJudge(plan, rooms, steps)


def case_of(plan: Plan, drafts: tuple[Draft, ...], run_id: str) -> Case:
    """Put the case together from a plan whose placeholders are filled."""
    contest = plan.market
    if contest is None:
        raise AssertionError("a market's plan has a market")
    people = contest.people
    return Case(
        run_id=run_id,
        description=contest.task.description,
        expected_output=contest.task.expected_output,
        seats=tuple(_seat(plan, judge) for judge in contest.judges),
        protocol=contest.protocol,
        rubric=contest.rubric,
        drafts=drafts,
        people=None if people is None else PeopleAsked(kind=people, ballots=contest.ballots),
        injected_drafts=contest.injected_drafts,
        decision=contest.decision,
        editor=None if contest.editor is None else _seat(plan, PlannedJudge(agent=contest.editor)),
    )


def _seat(plan: Plan, judge: PlannedJudge) -> Seat:
    agent = plan.agent(judge.agent)
    return Seat(
        persona=Persona(name=agent.name, role=agent.role, goal=agent.goal, backstory=agent.backstory),
        model=plan.model(agent.model),
        role=judge.role,
        weight=judge.weight,
        replaces=judge.replaces,
        own_family=judge.own_family,
    )


def give(verdict: Verdict, rooms: ProcessRooms) -> VerdictGiven:
    """Write the verdict into the run's account, once."""
    return recorded_once(
        rooms.store, rooms.run_id, VerdictGiven, lambda _: True, lambda: _kept(verdict, rooms)
    )


def _kept(verdict: Verdict, rooms: ProcessRooms) -> VerdictGiven:
    content = verdict.model_dump_json(indent=1).encode()
    drafts = [each for each in verdict.candidates if each.origin == "draft"]
    text = None if verdict.final_text_origin == "verbatim" else verdict.final_text
    return VerdictGiven(
        selected=verdict.selected_draft,
        contestant=next((each.contestant for each in drafts if each.id == verdict.selected_draft), None),
        verdict=rooms.contents.put(rooms.run_id, content),
        origin=verdict.final_text_origin,
        text=None if text is None else rooms.contents.put(rooms.run_id, text.encode()),
    )
