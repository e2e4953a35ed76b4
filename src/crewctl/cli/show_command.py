"""``crewctl show``: one thing of the catalogue, as it was read."""

from __future__ import annotations

import click

from crewctl.cli.command import declare
from crewctl.cli.complete import complete_names
from crewctl.cli.output import Format, emit_one, output_option
from crewctl.cli.session import open_project

KINDS = ("crew", "agent", "task", "model", "rubric")


@declare("show", "crewctl show outreach-email", "crewctl show researcher -o yaml")
@click.argument("name", shell_complete=complete_names)
@click.option("--kind", type=click.Choice(KINDS), help="Which one, when a crew and a task share a name.")
@output_option
def command(name: str, kind: str | None, form: Format) -> None:
    """Show one crew, agent, task, model or rubric: where it stands and what it says."""
    from crewctl.cli.showing import find, show  # noqa: PLC0415 - a help text must not import the specs
    from crewctl.cli.suspended_view import may_be_suspended, note_if_suspended  # noqa: PLC0415 - the same

    project = open_project()
    found = find(project.catalogue, name, kind)
    emit_one(found.data, found.name, form, lambda: show(found))
    if found.kind == "crew" and may_be_suspended(project):
        note_if_suspended(project, found.name)
