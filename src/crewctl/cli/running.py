"""Takes one crew down the line: plan it, watch it, and show how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crewctl.cli.ending import show_end
from crewctl.cli.inputs import Inputs
from crewctl.cli.output import Format, note
from crewctl.cli.watching import watching

if TYPE_CHECKING:  # only its shape is needed
    from crewctl.wiring import Project


def run_crew(
    project: Project, crew: str, inputs: Inputs, form: Format, *, quiet: bool = False, rehearsal: bool = False
) -> int:
    """Run it and return the exit code of its outcome."""
    plan = project.plan(crew, inputs, rehearsal=rehearsal)
    if plan.simulated:
        models = ", ".join(model.name for model in plan.models if model.simulated)
        note(f"Simulated: no real model answers as {models}.")
    with watching(plan, quiet=quiet) as watch:
        ended = project.kickoff(plan, watch, rehearsal=rehearsal)
    show_end(plan, ended, form)
    return ended.exit_code
