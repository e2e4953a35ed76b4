"""``crewctl plan``: exactly what a kickoff would do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from crewctl.cli.command import declare
from crewctl.cli.complete import complete_crews
from crewctl.cli.inputs import inputs_options, read_inputs
from crewctl.cli.judging_options import judging_options
from crewctl.cli.no_policy import note_if_no_policy
from crewctl.cli.output import Format, emit_one, note, output_option
from crewctl.cli.session import open_project

if TYPE_CHECKING:  # only its shape is needed
    from crewctl.planning.overrides import Overrides


@declare(
    "plan",
    "crewctl plan company-brief -i company='Acme Corp'",
    'crewctl plan outreach-email --inputs \'{"company": "Acme Corp", "first_name": "Elena"}\' -o json',
)
@click.argument("crew", shell_complete=complete_crews)
@inputs_options
@judging_options
@output_option
def command(
    crew: str, single: tuple[str, ...], whole: str | None, overrides: Overrides, form: Format
) -> None:
    """Show what a kickoff of CREW would do, within which limits, and what changed since its last approval.

    Without inputs the plan is shown as an approval of any valid inputs sees it. With --judge, --rubric or
    --protocol it is the plan by which 'crewctl rejudge' and 'crewctl whatif' judge.
    """
    from crewctl.cli.plan_since import show_since_approval  # noqa: PLC0415 - a help text must not import plans
    from crewctl.cli.plan_view import show_plan  # noqa: PLC0415 - the same
    from crewctl.cli.suspended_view import note_if_suspended  # noqa: PLC0415 - the same

    project = open_project()
    plan = project.plan(crew, read_inputs(single, whole) or None, overrides=overrides)

    def show() -> None:
        show_plan(plan)
        show_since_approval(project, plan)
        note("Long texts are cut here. Every word that will run is in the whole plan: -o yaml")

    emit_one(plan.model_dump(mode="json"), plan.crew_digest, form, show)
    note_if_suspended(project, crew)
    note_if_no_policy(project.root)
