"""The process `market`: contestants do one task apart, and a judge chooses by the rubric."""

from __future__ import annotations

from functools import partial

from crewctl.audit.events import VerdictGiven
from crewctl.judging.choose import choose
from crewctl.judging.drafts import Draft
from crewctl.planning.plan import Plan, PlannedMarket
from crewctl.planning.rendering import filled
from crewctl.processes.asking import Made, decided
from crewctl.processes.attempts import attempted
from crewctl.processes.in_order import context_of, run_in_order
from crewctl.processes.market_judging import case_of, give, judge_of
from crewctl.processes.outcome import Outcome, ProcessEnded, came_to_nothing, first_end, outcome_of
from crewctl.processes.outputs import Finished, text_of, write_output
from crewctl.processes.rooms import ProcessRooms
from crewctl.running.port import StepResult, Steps, TaskWork


def market(plan: Plan, rooms: ProcessRooms, steps: Steps) -> Outcome:
    """Run the plan's tasks, then the market's; the selected draft is the crew's output.

    Where the market merges or seeks a consensus, its output may be a text that no contestant wrote.
    A contestant that fails is recorded and the others are judged; with one draft there is nothing
    to compare, and the verdict is undecided.
    """
    contest = plan.market
    if contest is None:
        raise AssertionError("a market's plan has a market")
    finished = run_in_order(plan, rooms, steps)
    results = _compete(plan, contest, finished, rooms, steps)
    drafts = tuple(_draft(name, result, rooms) for name, result in results.items())
    if not any(draft.text and draft.text.strip() for draft in drafts):
        return Outcome(how="failed", error=_nothing(drafts))
    case = case_of(filled(plan), drafts, rooms.run_id)
    verdict = choose(case, judge_of(plan, rooms, steps))
    given = steps.do("verdict", lambda: give(verdict, rooms), VerdictGiven)
    selected = given.text if given.contestant is None else results[given.contestant].output
    if selected is None:
        return Outcome(how="undecided", error=verdict.reasoning.partition("\n")[0])
    step = f"draft.{given.contestant}" if given.contestant else "verdict"
    [left] = decided([Made(contest.task, step, given.contestant or "", selected)], rooms, steps)
    if left.skipped is not None:
        said = f"{contest.task.name}: {left.skipped.by} put the text aside: {left.skipped.reason}"
        return Outcome(how="failed", error=said)
    write_output(contest.task, left.output, rooms, steps)
    return Outcome(how="finished", output=left.output)


def _compete(
    plan: Plan, contest: PlannedMarket, finished: tuple[Finished, ...], rooms: ProcessRooms, steps: Steps
) -> dict[str, StepResult]:
    """Run every contestant side by side; ProcessEnded when a limit of the run or a stop ended any."""
    works = {name: _work(contest, name, finished) for name in contest.contestants}
    done = steps.do_all(
        {work.step: partial(attempted, plan, rooms, work) for work in works.values()}, StepResult
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
    return None if came_to_nothing(result) else outcome_of(name, result)


def _draft(contestant: str, result: StepResult, rooms: ProcessRooms) -> Draft:
    if result.outcome == "done":
        return Draft(contestant=contestant, text=text_of(rooms.contents, result.output))
    return Draft(contestant=contestant, text=None, error=result.error or result.outcome)


def _nothing(drafts: tuple[Draft, ...]) -> str:
    said = "; ".join(f"{draft.contestant}: {draft.error or 'an empty text'}" for draft in drafts)
    return f"no contestant came to a draft ({said})"
