"""``crewctl import``: takes over a classic CrewAI project or a file of jobs."""

from __future__ import annotations

from pathlib import Path

import click

from crewctl.cli.command import declare
from crewctl.cli.output import Format, emit_one, output_option


@declare(
    "import",
    "crewctl import ../old-project",
    "crewctl import ../old-project --into my-crews",
    "crewctl import jobs.json",
)
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    metavar="DIR",
    help="Where the project is written (default: here).",
)
@output_option
def command(path: Path, into: Path, form: Format) -> None:
    """Turn a classic @CrewBase project, or a jobs.json, into files of a crewctl project.

    Every word of prose is kept. crew.py is read and never run; what could not be carried over is
    listed. Nothing is overwritten.
    """
    from crewctl.cli.importing import bring_in, show_imported  # noqa: PLC0415 - start-up cost

    brought = bring_in(path, into)
    emit_one(brought.data(), str(into), form, lambda: show_imported(brought))
