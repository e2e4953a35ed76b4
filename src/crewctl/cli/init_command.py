"""``crewctl init``: a fresh project with three crews that run offline."""

from __future__ import annotations

from pathlib import Path

import click

from crewctl.cli.command import declare
from crewctl.cli.output import Format, emit_rows, note, output_option


@declare("init", "crewctl init", "crewctl init my-crews")
@click.argument("folder", type=click.Path(path_type=Path), default=Path(), metavar="[DIR]")
@output_option
def command(folder: Path, form: Format) -> None:
    """Write a fresh project into DIR (default: here). No file is ever overwritten."""
    from crewctl.cli.fresh_project import next_steps, write_project  # noqa: PLC0415 - start-up cost

    written = write_project(folder)
    emit_rows([{"file": name} for name in written], ("file",), form)
    note(next_steps(folder))
