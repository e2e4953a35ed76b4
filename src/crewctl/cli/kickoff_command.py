"""``crewctl kickoff``: runs a crew through the registry."""

from __future__ import annotations

import click

from crewctl.cli.command import declare
from crewctl.cli.complete import complete_crews
from crewctl.cli.inputs import inputs_options, read_inputs
from crewctl.cli.output import Format, output_option
from crewctl.cli.session import open_project


@declare(
    "kickoff",
    "crewctl kickoff company-brief -i company='Acme Corp'",
    "crewctl kickoff outreach-email -i company=@company.txt -i first_name=Elena",
    "crewctl kickoff outreach-email --inputs @inputs.json -o json",
    "crewctl kickoff company-brief -i company='Acme Corp' --detach --key crm-4711",
)
@click.argument("crew", shell_complete=complete_crews)
@inputs_options
@click.option("-q", "--quiet", is_flag=True, help="Show nothing while it runs.")
@click.option("--key", help="Idempotency key: of all kickoffs of CREW with one key, one makes a run.")
@click.option("-d", "--detach", is_flag=True, help="Leave the run to a worker ('crewctl worker').")
@output_option
def command(  # noqa: PLR0913, PLR0917 - click passes one parameter for each option, by name
    crew: str,
    single: tuple[str, ...],
    whole: str | None,
    quiet: bool,  # noqa: FBT001
    key: str | None,
    detach: bool,  # noqa: FBT001
    form: Format,
) -> int:
    """Run CREW within its limits, once it is approved as it is; the report says what happened and why.

    The run is watched live on a terminal, and with one line for each event elsewhere. The exit
    code tells the outcome: 'crewctl explain' lists them.
    """
    from crewctl.cli.running import enqueue_crew, refuse_key, run_crew  # noqa: PLC0415 - start-up cost

    project = open_project()
    if key is not None:
        refuse_key(key)
    request = project.request(crew, key=key, detached=detach)
    if detach:
        return enqueue_crew(project, request, read_inputs(single, whole), form)
    return run_crew(project, request, read_inputs(single, whole), form, quiet=quiet)
