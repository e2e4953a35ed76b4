"""The process `market`: contestants do one task apart, and a judge chooses by the rubric."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from crewctl.audit.events import VerdictGiven
from crewctl.judging.all_pairs import AllPairs
from crewctl.judging.choose import Case, choose
from crewctl.judging.drafts import Draft
from crewctl.judging.port import JudgeModel
from crewctl.judging.prompt import Persona
from crewctl.judging.protocol import Protocol
from crewctl.judging.verdict import Verdict
from crewctl.planning.plan import Plan, PlannedMarket
from crewctl.planning.rendering import filled
from crewctl.processes.in_order import context_of, run_in_order
from crewctl.processes.judge_calls import EngineJudge
from crewctl.processes.outcome import Outcome, ProcessEnded, first_end, outcome_of
from crewctl.processes.outputs import Finished, text_of, write_output
from crewctl.processes.recording import recorded_once
from crewctl.processes.rooms import ProcessRooms
from crewctl.running.port import StepResult, Steps, TaskWork

PROTOCOLS: Mapping[str, Protocol] = {"all_pairs": AllPairs()}


def market(plan: Plan, rooms: ProcessRooms, steps: Steps) -> Outcome:
    """Run the plan's tasks, then the market's; the selected draft is the crew's output.

    A contestant that fails is recorded and the others are judged; with one draft there is nothing
    to compare, and the verdict is undecided.
    """
    contest = plan.market
    if contest is None:
        raise AssertionError("a market's plan has a market")
    finished = run_in_order(plan.tasks, rooms, steps)
    results = _compete(contest, finished, rooms, steps)
    drafts = tuple(_draft(name, result, rooms) for name, result in results.items())
    if not any(draft.text and draft.text.strip() for draft in drafts):
        return Outcome(how="failed", error=_nothing(drafts))
    case = _case(filled(plan), drafts, rooms.run_id)
    verdict = choose(case, _judge(plan, contest, rooms, steps), PROTOCOLS[contest.protocol])
    given = steps.do("verdict", lambda: _give(verdict, rooms), VerdictGiven)
    if given.contestant is None:
        return Outcome(how="undecided", error=verdict.reasoning.partition("\n")[0])
    selected = results[given.contestant].output
    write_output(contest.task, selected, rooms, steps)
    return Outcome(how="finished", output=selected)


def _compete(
    contest: PlannedMarket, finished: tuple[Finished, ...], rooms: ProcessRooms, steps: Steps
) -> dict[str, StepResult]:
    """Run every contestant side by side; ProcessEnded when a limit of the run or a stop ended any."""
    works = {name: _work(contest, name, finished) for name in contest.contestants}
    done = steps.do_all(
        {work.step: partial(rooms.engine.run_task, work) for work in works.values()}, StepResult
    )
    results = {name: done[work.step] for name, work in works.items()}
    end = first_end([_end_of(name, result) for name, result in results.items()])
    if end is not None:
        raise ProcessEnded(end)
    return results


def _work(contest: PlannedMarket, contestant: str, finished: tuple[Finished, ...]) -> TaskWork:
    return TaskWork(
        step=f"draft.{contestant}",
        task=contest.task.name,
        agent=contestant,
        market=True,
        context=context_of(contest.task, finished, alone=True),
        timeout=contest.task.timeout,
    )


def _end_of(name: str, result: StepResult) -> Outcome | None:
    # A contestant that ran out of its own time has failed; the others have not.
    end = outcome_of(name, result)
    own = end is not None and (end.how == "failed" or end.limit == "task_timeout")
    return None if own else end


def _draft(contestant: str, result: StepResult, rooms: ProcessRooms) -> Draft:
    if result.outcome == "done":
        return Draft(contestant=contestant, text=text_of(rooms.contents, result.output))
    return Draft(contestant=contestant, text=None, error=result.error or result.outcome)


def _nothing(drafts: tuple[Draft, ...]) -> str:
    said = "; ".join(f"{draft.contestant}: {draft.error or 'an empty text'}" for draft in drafts)
    return f"no contestant came to a draft ({said})"


def _judge(plan: Plan, contest: PlannedMarket, rooms: ProcessRooms, steps: Steps) -> JudgeModel:
    if rooms.judge is not None:
        return rooms.judge(plan, rooms, steps)
    return EngineJudge(plan, contest, rooms, steps)


def _case(plan: Plan, drafts: tuple[Draft, ...], run_id: str) -> Case:
    """Put the case together from a plan whose placeholders are filled."""
    contest = plan.market
    if contest is None:
        raise AssertionError("a market's plan has a market")
    judge = plan.agent(contest.judge)
    return Case(
        run_id=run_id,
        description=contest.task.description,
        expected_output=contest.task.expected_output,
        judge_name=judge.name,
        judge=Persona(role=judge.role, goal=judge.goal, backstory=judge.backstory),
        model=plan.model(judge.model),
        rubric=contest.rubric,
        drafts=drafts,
    )


def _give(verdict: Verdict, rooms: ProcessRooms) -> VerdictGiven:
    return recorded_once(
        rooms.store, rooms.run_id, VerdictGiven, lambda _: True, lambda: _kept(verdict, rooms)
    )


def _kept(verdict: Verdict, rooms: ProcessRooms) -> VerdictGiven:
    content = verdict.model_dump_json(indent=1).encode()
    contestant = next(
        (each.contestant for each in verdict.candidates if each.id == verdict.selected_draft), None
    )
    return VerdictGiven(
        selected=verdict.selected_draft,
        contestant=contestant,
        verdict=rooms.contents.put(rooms.run_id, content),
    )
