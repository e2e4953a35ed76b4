"""Takes one crew down the line: plan it, watch it, and show how it ended."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from crewctl.cli.ending import show_end
from crewctl.cli.inputs import Inputs
from crewctl.cli.output import Format, emit_one, note, say
from crewctl.cli.watching import watching
from crewctl.errors import Exit, InvalidError, UsageError
from crewctl.planning.kept_plan import plan_of

if TYPE_CHECKING:  # only their shapes are needed
    from crewctl.audit.events import KickoffRequested
    from crewctl.planning.plan import PlannedModel
    from crewctl.wiring import Project


OWN_KEYS = ("dead:", "schedule:", "spool:", "trigger:", "webhook:")
"""How the keys begin that stand for starts without a terminal: a person's run must not take their place."""

LONGEST_KEY = 200


def run_crew(
    project: Project, request: KickoffRequested, inputs: Inputs, form: Format, *, quiet: bool = False
) -> int:
    """Run what is asked for and return the exit code of its outcome."""
    plan = project.plan(request.crew, inputs, rehearsal=request.rehearsal)
    need_keys(plan.models)
    if plan.simulated:
        models = ", ".join(model.name for model in plan.models if model.simulated)
        note(f"Simulated: no real model answers as {models}.")
    with watching(plan, quiet=quiet) as watch:
        ended = project.kickoff(plan, watch, request)
    show_end(plan, ended, form)
    return ended.exit_code


def enqueue_crew(project: Project, request: KickoffRequested, inputs: Inputs, form: Format) -> int:
    """Leave the run to a worker and say its id."""
    run_id = project.enqueue(project.plan(request.crew, inputs), request)
    emit_one({"run_id": run_id, "crew": request.crew}, run_id, form, lambda: say(run_id))
    note(f"{run_id} is left to a worker. Follow it with: crewctl logs {run_id} --follow")
    return Exit.DONE


def resume_run(project: Project, run_id: str, form: Format, *, quiet: bool) -> int:
    """Go on with the run here and return the exit code of its outcome."""
    before = project.store.events_of(run_id)
    plan = plan_of(before, project.contents)
    need_keys(plan.models)
    with watching(plan, quiet=quiet, before=before) as watch:
        ended = project.resume(run_id, watch)
    show_end(plan, ended, form)
    return ended.exit_code


def refuse_key(key: str) -> None:
    """UsageError for an idempotency key that is no word, or might be one that crewctl makes itself."""
    if not key.strip() or not key.isprintable() or len(key) > LONGEST_KEY:
        raise UsageError(
            f"an idempotency key has 1 to {LONGEST_KEY} characters that can be printed",
            help="take the id of the piece of work, such as crm-4711",
        )
    if key.startswith(OWN_KEYS):
        raise UsageError(
            f"keys that begin with {', '.join(OWN_KEYS)} are crewctl's own", help="take another key"
        )


def need_keys(models: Sequence[PlannedModel]) -> None:
    """InvalidError where a model's key is not there: a run that must fail would use its approval up."""
    for model in models:
        if model.api_key_env and not os.environ.get(model.api_key_env):
            raise InvalidError(
                f"the model '{model.name}' needs a key in the environment variable {model.api_key_env}, "
                "which is not set; nothing was run",
                help=f"set it with: export {model.api_key_env}=…",
            )
