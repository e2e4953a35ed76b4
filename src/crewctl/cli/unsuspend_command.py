"""``crewctl unsuspend``: another person lets a suspended crew run again."""

from __future__ import annotations

import click

from crewctl.cli.command import declare
from crewctl.cli.complete import complete_crews
from crewctl.cli.output import Format, emit_rows, note, output_option
from crewctl.cli.session import open_project
from crewctl.errors import Exit


@declare("unsuspend", 'crewctl unsuspend outreach-email --reason "the list of addresses is mended"')
@click.argument("crew", shell_complete=complete_crews)
@click.option("--reason", required=True, help="Why, in at least 10 characters; kept with the suspension.")
@output_option
def command(crew: str, reason: str, form: Format) -> int:
    """Lift every suspension of CREW that somebody else stated; nobody lifts their own.

    Approvals hold again as far as they did before. Nothing is deleted: what lifts a suspension is
    written beside it. Commit it. Exit 4 when the crew is still suspended.
    """
    from crewctl.cli.suspended_view import note_if_suspended, suspensions_of  # noqa: PLC0415 - start-up cost
    from crewctl.cli.suspending import unsuspend  # noqa: PLC0415 - start-up cost

    project = open_project()
    said = unsuspend(project, crew, reason)
    rows = [{**each.statement.model_dump(mode="json"), "file": each.file} for each in said]
    emit_rows(rows, ("id", "lifts", "file"), form)
    if form == "table":
        note("Next: commit what was written.")
    note_if_suspended(project, crew)
    return Exit.NOT_APPROVED if suspensions_of(project, crew) else Exit.DONE
