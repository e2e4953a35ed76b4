"""Replays a run from its recording and says what is equal and what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from crewctl.audit.replayed import Compared, Parting
from crewctl.audit.run_state import RunState
from crewctl.cli.account import LAST, find_run, state_of
from crewctl.cli.output import Format, emit_one, heading, note, pairs, say
from crewctl.cli.watching import watching
from crewctl.diagnostics.visible import one_line
from crewctl.errors import Exit
from crewctl.planning.question_changes import question_change
from crewctl.wiring.replaying import plan_to_replay, replay_run

if TYPE_CHECKING:  # only its shape is needed
    from crewctl.wiring import Project


def replay(project: Project, word: str, form: Format, *, quiet: bool) -> int:
    """Replay one run and show what came of it; return 0 only if everything is equal."""
    run_id = _meant(project, word)
    plan = plan_to_replay(project, run_id)
    with watching(plan, quiet=quiet) as watch:
        found = replay_run(project, run_id, plan, watch)
    error = _error_of(project, found.replay)
    emit_one(_data(found, error), found.replay, form, lambda: _show(found, error))
    return Exit.DONE if found.equal else Exit.FAILED


def _meant(project: Project, word: str) -> str:
    """Return the run that is meant; the last one is no replay, for that would replay itself."""
    if word != LAST:
        return find_run(project, word)
    for run_id in project.store.run_ids():
        state = state_of(project.store.events_of(run_id))
        if state.closing is not None and not _is_replay(state):
            return run_id
    return find_run(project, word)


def _is_replay(state: RunState) -> bool:
    return state.request is not None and state.request.source == "replay"


def _error_of(project: Project, run_id: str) -> str:
    closing = state_of(project.store.events_of(run_id)).closing
    return closing.error if closing else ""


def _data(found: Compared, error: str) -> dict[str, Any]:
    return {
        "run_id": found.replay,
        "replays": found.run,
        "equal": found.equal,
        "outcome": {"before": found.outcome[0], "after": found.outcome[1]},
        "output_equal": found.output_equal,
        "verdict_equal": found.verdict_equal,
        "steps": [step.model_dump() for step in found.steps],
        "answers_given": found.given,
        "answers_recorded": found.recorded,
        "model_calls": found.asked,
        "error": error,
        "diverged": _parted(found.parting) if found.parting else None,
    }


def _parted(parting: Parting) -> dict[str, Any]:
    return {
        "step": parting.step,
        "number": parting.number,
        "what": parting.what,
        "recorded_number": parting.recorded_number,
        "change": question_change(parting.recorded or {}, parting.asked),
    }


def _show(found: Compared, error: str) -> None:
    heading(f"Replay of {one_line(found.run)}: {'equal' if found.equal else 'not equal'}")
    before, after = (one.replace("_", " ") for one in found.outcome)
    pairs(
        [
            ("outcome", f"{before}, both times" if before == after else f"{before} → {after}"),
            ("output", "the same" if found.output_equal else "differs"),
            ("verdict", {None: None, True: "the same", False: "differs"}[found.verdict_equal]),
            ("answers", f"{found.given} of {found.recorded} recorded ones given"),
            ("model calls", found.asked),
            ("run", found.replay),
        ],
        indent=2,
    )
    heading("Steps")
    for step in found.steps:
        mark = click.style("=", fg="green") if step.equal else click.style("≠", fg="red", bold=True)
        ends = [one.replace("_", " ") if one else "not begun" for one in (step.before, step.after)]
        told = ends[0] if ends[0] == ends[1] else f"{ends[0]} → {ends[1]}"
        output = "" if step.equal or ends[0] != ends[1] else ", with another output"
        click.echo(f"  {mark} {one_line(step.step)}  {told}{output}")
    if found.parting is not None:
        _show_parting(found.parting)
    elif error and not found.equal:
        say(error, indent=2)
    if not found.equal:
        note(f"See both: crewctl report --diff {found.run} {found.replay}")


def _show_parting(parting: Parting) -> None:
    heading("First difference")
    then = (
        "nothing more was recorded"
        if parting.recorded_number is None
        else f"recorded as {parting.recorded_number}"
    )
    say(f"step {parting.step}, question {parting.number}, to a {parting.what}; {then}", indent=2)
    say(question_change(parting.recorded or {}, parting.asked), indent=4)
