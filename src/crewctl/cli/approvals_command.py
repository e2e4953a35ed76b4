"""``crewctl approvals``: who approved what, and whether it still holds."""

from __future__ import annotations

import click

from crewctl.cli.command import declare
from crewctl.cli.complete import complete_crews
from crewctl.cli.output import Format, emit_rows, output_option
from crewctl.cli.session import open_project

# From the right, columns are left out on a narrow terminal.
COLUMNS = ("id", "crew", "state", "runs", "by", "reason", "expires", "at")


@declare("approvals", "crewctl approvals", "crewctl approvals outreach-email -o json")
@click.argument("crew", required=False, shell_complete=complete_crews)
@output_option
def command(crew: str | None, form: Format) -> None:
    """List every approval, newest first: standing, drifted, expired, used up, revoked, suspended or elsewhere.

    A drifted approval was for another state of the crew; 'crewctl plan CREW' shows the difference. One
    with a number of runs holds on the machine that counts them; on any other it stands elsewhere.
    Suspensions are listed too, until and after they are lifted: while one stands, no approval counts.
    """
    from crewctl.cli.approval_rows import approval_rows  # noqa: PLC0415 - start-up cost
    from crewctl.cli.suspended_view import note_if_suspended  # noqa: PLC0415 - start-up cost

    project = open_project()
    rows = approval_rows(project, crew)
    emit_rows(rows, COLUMNS, form)
    for name in dict.fromkeys(str(row["crew"]) for row in rows):
        note_if_suspended(project, name)
