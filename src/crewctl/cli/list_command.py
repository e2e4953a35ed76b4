"""``crewctl list``: what the project's catalogue holds."""

from __future__ import annotations

import click

from crewctl.cli.command import declare
from crewctl.cli.output import Format, emit_rows, note, output_option
from crewctl.cli.session import open_project

COLUMNS = {
    "crews": ("name", "process", "risk", "inputs", "description"),
    "agents": ("name", "role", "model", "tools", "crews"),
    "tasks": ("name", "agent", "context", "expected_output"),
    "models": ("name", "model", "base_url", "agents"),
    "tools": ("name", "kind", "tags", "used_by"),
    "rubrics": ("name", "criteria", "description"),
}


@declare("list", "crewctl list", "crewctl list agents", "crewctl list tools -o json")
@click.argument("kind", type=click.Choice(list(COLUMNS)), default="crews")
@output_option
def command(kind: str, form: Format) -> None:
    """List crews (the default), agents, tasks, models, tools or rubrics."""
    from crewctl.cli.checking import errors_in  # noqa: PLC0415 - start-up cost
    from crewctl.cli.overview import overview  # noqa: PLC0415 - start-up cost
    from crewctl.cli.suspended_view import with_suspensions  # noqa: PLC0415 - start-up cost

    project = open_project()
    seen = overview(project)
    rows, columns = list(seen.rows[kind]), COLUMNS[kind]
    if kind == "crews":
        rows = with_suspensions(project, rows)
        columns = ("name", "suspended", *columns[1:]) if any(row["suspended"] for row in rows) else columns
    emit_rows(rows, columns, form)
    if errors_in(seen):
        note("Some files hold problems, and what they say may be missing here: crewctl check shows them.")
