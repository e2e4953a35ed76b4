"""``crewctl export``: a crew as a plain CrewAI project."""

from __future__ import annotations

from pathlib import Path

import click

from crewctl.cli.command import declare
from crewctl.cli.complete import complete_crews
from crewctl.cli.inputs import inputs_options, read_inputs
from crewctl.cli.output import Format, emit_rows, note, output_option
from crewctl.cli.session import open_project


@declare("export", "crewctl export company-brief ../company-brief-plain")
@click.argument("crew", shell_complete=complete_crews)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@inputs_options
@output_option
def command(crew: str, folder: Path, single: tuple[str, ...], whole: str | None, form: Format) -> None:
    """Write CREW as a plain CrewAI project into DIR, to run without crewctl.

    It then runs without limits, approval, account and the judge's protocol. Inputs that are not
    given take the example that the crew names for them. Nothing is overwritten.
    """
    from crewctl.cli.exporting import write_out  # noqa: PLC0415 - start-up cost

    written = write_out(open_project(), crew, read_inputs(single, whole), folder)
    emit_rows([{"file": file} for file in written], ("file",), form)
    note(f"Outside the registry nothing limits this crew or asks for approval. See {folder / 'README.md'}")
