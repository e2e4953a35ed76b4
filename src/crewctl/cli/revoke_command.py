"""``crewctl revoke``: takes a yes back."""

from __future__ import annotations

import click

from crewctl.cli.command import declare
from crewctl.cli.complete import complete_crews, complete_statements
from crewctl.cli.output import Format, emit_rows, note, output_option
from crewctl.cli.session import open_project


@declare(
    "revoke",
    'crewctl revoke outreach-email --reason "the offer has ended"',
    'crewctl revoke outreach-email 3f9c2a --reason "given by mistake"',
)
@click.argument("crew", shell_complete=complete_crews)
@click.argument("statement", required=False, shell_complete=complete_statements)
@click.option("--reason", required=True, help="Why, in at least 10 characters; kept with the revocation.")
@output_option
def command(crew: str, statement: str | None, reason: str, form: Format) -> None:
    """Take back every standing approval of CREW, or the one whose id begins with STATEMENT.

    Nothing is deleted: a revocation is written beside the approval. Commit it.
    """
    from crewctl.cli.approving import note_where_none_is_needed, row  # noqa: PLC0415 - start-up cost

    project = open_project()
    said = project.revoke(crew, statement, reason)
    emit_rows([row(each) for each in said], ("id", "revokes", "file"), form)
    if form == "table":
        note("Next: commit what was written.")
    note_where_none_is_needed(project, crew)
