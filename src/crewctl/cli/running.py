"""Takes one crew down the line: plan it, watch it, and show how it ended."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from crewctl.cli.ending import show_end
from crewctl.cli.inputs import Inputs
from crewctl.cli.output import Format, note
from crewctl.cli.watching import watching
from crewctl.errors import InvalidError

if TYPE_CHECKING:  # only their shapes are needed
    from crewctl.planning.plan import PlannedModel
    from crewctl.wiring import Project


def run_crew(
    project: Project, crew: str, inputs: Inputs, form: Format, *, quiet: bool = False, rehearsal: bool = False
) -> int:
    """Run it and return the exit code of its outcome."""
    plan = project.plan(crew, inputs, rehearsal=rehearsal)
    need_keys(plan.models)
    if plan.simulated:
        models = ", ".join(model.name for model in plan.models if model.simulated)
        note(f"Simulated: no real model answers as {models}.")
    with watching(plan, quiet=quiet) as watch:
        ended = project.kickoff(plan, watch, project.request(crew, rehearsal=rehearsal))
    show_end(plan, ended, form)
    return ended.exit_code


def need_keys(models: Sequence[PlannedModel]) -> None:
    """InvalidError where a model's key is not there: a run that must fail would use its approval up."""
    for model in models:
        if model.api_key_env and not os.environ.get(model.api_key_env):
            raise InvalidError(
                f"the model '{model.name}' needs a key in the environment variable {model.api_key_env}, "
                "which is not set; nothing was run",
                help=f"set it with: export {model.api_key_env}=…",
            )
