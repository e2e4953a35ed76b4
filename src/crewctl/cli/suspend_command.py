"""``crewctl suspend``: from now on a crew runs for nobody, whatever was approved."""

from __future__ import annotations

import click

from crewctl.cli.command import declare
from crewctl.cli.complete import complete_crews
from crewctl.cli.output import Format, emit_one, note, output_option
from crewctl.cli.session import open_project


@declare(
    "suspend",
    'crewctl suspend outreach-email --reason "it wrote to people who had said no"',
    'crewctl suspend outreach-email --reason "it wrote to people who had said no" --stop-runs',
)
@click.argument("crew", shell_complete=complete_crews)
@click.option(
    "--reason", required=True, help="Why, in at least 10 characters; kept and shown with every refusal."
)
@click.option("--stop-runs", is_flag=True, help="Also stop every run of the crew that is not over.")
@output_option
def command(crew: str, reason: str, stop_runs: bool, form: Format) -> int:  # noqa: FBT001 - click passes flags by name
    """Let CREW run for nobody, whatever was approved, until another person lifts that.

    A run that is working goes on unless --stop-runs is given; one that waits or comes back is refused
    before its next new step. The statement is written under registry/approvals in your name. Commit it.
    """
    from crewctl.cli.suspending import suspend  # noqa: PLC0415 - start-up cost

    said, stopped = suspend(open_project(), crew, reason, stop_runs=stop_runs)
    data = {**said.statement.model_dump(mode="json"), "file": said.file, "stopped": stopped.data}
    emit_one(data, said.id, form, lambda: None)
    note(f"{crew} is suspended by {said.by}. Next: commit {said.file}")
    note(f'Another person can lift that: crewctl unsuspend {crew} --reason "…"')
    stopped.show(form)
    return stopped.exit_code
