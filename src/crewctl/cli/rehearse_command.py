"""``crewctl rehearse``: the author's loop, offline and without consequences."""

from __future__ import annotations

import click

from crewctl.cli.command import declare
from crewctl.cli.complete import complete_crews
from crewctl.cli.inputs import inputs_options, read_inputs
from crewctl.cli.output import Format, output_option
from crewctl.cli.session import open_project


@declare(
    "rehearse", "crewctl rehearse company-brief", "crewctl rehearse company-brief -i company='Acme Corp'"
)
@click.argument("crew", shell_complete=complete_crews)
@inputs_options
@click.option("-q", "--quiet", is_flag=True, help="Show nothing while it runs.")
@output_option
def command(crew: str, single: tuple[str, ...], whole: str | None, quiet: bool, form: Format) -> int:  # noqa: FBT001 - click's
    """Try CREW with the offline model: no tool is executed, nothing leaves this machine.

    No approval is needed and no report is written to the registry. Inputs that are not given
    take the example that the crew names for them.
    """
    from crewctl.cli.rehearsing import with_examples  # noqa: PLC0415 - start-up cost
    from crewctl.cli.running import run_crew  # noqa: PLC0415 - the same

    project = open_project()
    inputs = with_examples(project.catalogue, crew, read_inputs(single, whole))
    return run_crew(project, project.request(crew, rehearsal=True), inputs, form, quiet=quiet)
