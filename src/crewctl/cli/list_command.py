"""``crewctl list``: what the project's catalogue holds."""

from __future__ import annotations

import click

from crewctl.cli.command import declare
from crewctl.cli.output import Format, emit_rows, note, output_option
from crewctl.cli.session import open_project

KINDS = ("crews", "agents", "tasks", "models", "tools", "rubrics")


@declare("list", "crewctl list", "crewctl list agents", "crewctl list tools -o json")
@click.argument("kind", type=click.Choice(KINDS), default="crews")
@output_option
def command(kind: str, form: Format) -> None:
    """List crews (the default), agents, tasks, models, tools or rubrics."""
    from crewctl.cli.listing import LISTINGS  # noqa: PLC0415 - a help text must not import the specs

    catalogue = open_project().catalogue
    listing = LISTINGS[kind]
    emit_rows(listing.rows(catalogue), listing.columns, form)
    if catalogue.problems:
        note("Some files hold problems, and what they say may be missing here: crewctl check shows them.")
