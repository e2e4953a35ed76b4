"""Judges recorded drafts again: plans it, says what it takes at most, runs it, and compares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from crewctl.cli.amounts import count, money
from crewctl.cli.ending import show_end
from crewctl.cli.inputs_of_then import inputs_of_then
from crewctl.cli.output import Format, emit_one, note, say
from crewctl.cli.past_verdicts import Past, recall
from crewctl.cli.rejudged_view import show_rejudged
from crewctl.cli.running import need_keys
from crewctl.cli.watching import watching
from crewctl.judging.rejudged import Rejudged, compare
from crewctl.judging.verdict import Verdict
from crewctl.planning.overrides import Overrides
from crewctl.planning.plan import Plan
from crewctl.planning.rendering import filled
from crewctl.processes.judging_again import Bounds, bounds_of, refuse_unfit
from crewctl.processes.recorded import RecordedDrafts

if TYPE_CHECKING:  # only its shape is needed
    from crewctl.wiring import Ended, Project


@dataclass(frozen=True)
class Again:
    """A run's drafts, and the plan by which they are judged again."""

    past: Past
    plan: Plan
    bounds: Bounds

    @property
    def simulated(self) -> bool:
        """Whether no real model is asked: nothing is spent then."""
        return all(model.simulated for model in judges_models(self.plan))

    @property
    def task_changed(self) -> bool:
        """Whether the crew's task reads otherwise today than when the drafts were written."""
        market = filled(self.plan).market
        drafts = self.past.drafts
        return market is not None and (market.task.description, market.task.expected_output) != (
            drafts.description,
            drafts.expected_output,
        )


def prepare(project: Project, word: str, overrides: Overrides) -> Again:
    """Plan the judging of a run's drafts; an error says why it cannot be done. A rehearsal stays one."""
    past = recall(project, word)
    plan = _planned(project, past.drafts, overrides)
    refuse_unfit(plan, past.drafts)
    return Again(past, plan, bounds_of(plan, past.drafts, project.contents))


def _planned(project: Project, drafts: RecordedDrafts, overrides: Overrides) -> Plan:
    advice = "judge again runs that were made since, or with the crew's file as it was"
    with inputs_of_then(drafts.crew, drafts.run_id, advice):
        return project.plan(drafts.crew, drafts.inputs, rehearsal=drafts.rehearsal, overrides=overrides)


def judges_models(plan: Plan) -> list[Any]:
    """Return the models of the plan's judges, each once."""
    judges = plan.market.judges if plan.market else ()
    return [plan.model(name) for name in dict.fromkeys(plan.agent(judge.agent).model for judge in judges)]


def judge_again(project: Project, again: Again, *, quiet: bool) -> Ended:
    """Take the judging down the line."""
    need_keys(judges_models(again.plan))
    drafts = again.past.drafts
    # What is drawn is what is done: the crew's other tasks are not.
    with watching(again.plan.model_copy(update={"tasks": ()}), quiet=quiet) as watch:
        request = project.request(again.plan.crew, rehearsal=drafts.rehearsal, rejudges=drafts.run_id)
        return project.kickoff(again.plan, watch, request)


def compared(again: Again, ended: Ended) -> Rejudged | None:
    """Return then and now; None where either verdict is missing or of an older form."""
    if again.past.verdict is None or ended.report is None or ended.report.get("verdict") is None:
        return None
    try:
        return compare(again.past.verdict, Verdict.model_validate(ended.report["verdict"]))
    except ValidationError:
        return None


def rejudge(
    project: Project, word: str, overrides: Overrides, form: Format, *, dry_run: bool, quiet: bool
) -> int:
    """Judge one run's drafts again and show what changed; return the exit code of the judging."""
    again = prepare(project, word, overrides)
    if dry_run:
        emit_one(_bounds(again), again.past.run_id, form, lambda: say(said_first(again)))
        return 0
    note(said_first(again))
    if again.task_changed:
        note(
            "The crew's task reads otherwise today; the drafts are judged for the task they were written for."
        )
    ended = judge_again(project, again, quiet=quiet)
    found = compared(again, ended)
    if ended.refusal is not None or (found is None and form == "table"):
        show_end(again.plan, ended, form, overrides.words)
        return ended.exit_code
    emit_one(_data(again, ended, found), ended.run_id, form, lambda: _show(again, ended, found))
    return ended.exit_code


def said_first(again: Again) -> str:
    """Say what is about to be done, and what it takes at most."""
    drafts = sum(each.output is not None for each in again.past.drafts.drafts)
    cost = "simulated: no real model is asked" if again.simulated else f"{money(again.bounds.cost)} at most"
    return (
        f"The {drafts} drafts of run {again.past.drafts.run_id} are judged again: "
        f"{count(again.bounds.calls, 'call')} at most, {cost}. No contestant is asked."
    )


def _bounds(again: Again) -> dict[str, Any]:
    cost = again.bounds.cost
    return {
        "rejudges": again.past.drafts.run_id,
        "crew": again.plan.crew,
        "crew_digest": again.plan.crew_digest,
        "needs_approval": again.plan.risk.needs_approval,
        "judge_calls": again.bounds.calls,
        "cost_usd": None if cost is None else cost / 10**12,
        "simulated": again.simulated,
        "task_changed": again.task_changed,
    }


def _data(again: Again, ended: Ended, found: Rejudged | None) -> dict[str, Any]:
    return {
        "run_id": ended.run_id,
        "rejudges": again.past.drafts.run_id,
        "outcome": ended.outcome,
        "exit_code": ended.exit_code,
        "task_changed": again.task_changed,
        "compared": found.model_dump(mode="json") if found else None,
        "report": ended.report,
    }


def _show(again: Again, ended: Ended, found: Rejudged | None) -> None:
    if found is None:
        raise AssertionError("without two verdicts the end alone is shown")
    show_rejudged(found, ended, simulated=again.simulated)
