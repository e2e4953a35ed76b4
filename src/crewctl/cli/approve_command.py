"""``crewctl approve``: a person's yes to a crew exactly as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from crewctl.cli.command import declare
from crewctl.cli.complete import complete_crews
from crewctl.cli.durations import DURATION
from crewctl.cli.inputs import inputs_options, read_inputs
from crewctl.cli.judging_options import judging_options
from crewctl.cli.output import Format, emit_one, output_option
from crewctl.cli.session import open_project

if TYPE_CHECKING:  # only its shape is needed
    from crewctl.planning.overrides import Overrides


@declare(
    "approve",
    'crewctl approve outreach-email --reason "checked the prompts with sales"',
    'crewctl approve outreach-email --reason "one test run" --max-runs 1 --expires 1h',
    'crewctl approve outreach-email --reason "Acme only" --for-inputs -i company=Acme -i first_name=Elena',
)
@click.argument("crew", shell_complete=complete_crews)
@click.option(
    "--reason",
    required=True,
    help="Why it may run, in at least 10 characters; kept with the approval and shown with every run.",
)
@click.option(
    "--expires", type=DURATION, default="30d", show_default=True, help="How long the approval holds."
)
@click.option("--max-runs", type=click.IntRange(min=1), metavar="N", help="How many runs it lets through.")
@click.option("--for-inputs", is_flag=True, help="Only for the inputs given here, not for any valid ones.")
@inputs_options
@judging_options
@output_option
def command(  # noqa: PLR0913, PLR0917 - click passes one parameter for each option, by name
    crew: str,
    reason: str,
    expires: float,
    max_runs: int | None,
    for_inputs: bool,  # noqa: FBT001 - click passes flags by name
    single: tuple[str, ...],
    whole: str | None,
    overrides: Overrides,
    form: Format,
) -> None:
    """Let CREW run exactly as it is now: any change of its plan needs a new approval.

    The statement is written under registry/approvals in your name. Commit it. With --judge, --rubric or
    --protocol it lets the crew be judged so, by 'crewctl rejudge' and 'crewctl whatif'. Where the registry
    wants four eyes on the crew, it lets no run through that you ask for yourself.
    """
    from crewctl.cli.approving import (  # noqa: PLC0415 - start-up cost
        note_four_eyes,
        note_where_none_is_needed,
        row,
        show_approval,
        terms_of,
    )
    from crewctl.cli.suspended_view import note_if_suspended  # noqa: PLC0415 - start-up cost

    inputs = read_inputs(single, whole)
    terms = terms_of(reason, expires, max_runs, for_inputs=for_inputs, given=bool(inputs))
    project = open_project()
    said = project.approve(project.plan(crew, inputs if for_inputs else None, overrides=overrides), terms)
    emit_one(row(said), said.id, form, lambda: show_approval(said, overrides))
    note_four_eyes(said)
    note_where_none_is_needed(project, crew)
    note_if_suspended(project, crew)
