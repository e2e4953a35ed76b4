"""``crewctl fork``: a new run that keeps what an earlier one came to, up to a task."""

from __future__ import annotations

import click

from crewctl.cli.command import declare
from crewctl.cli.complete import complete_places, complete_runs
from crewctl.cli.inputs import inputs_options, read_inputs
from crewctl.cli.output import Format, output_option


@declare(
    "fork",
    "crewctl fork last --from write_brief",
    "crewctl fork 20261121-0915 --from draft_email -i first_name=Elena",
    "crewctl fork last --from judging",
    "crewctl fork last --from write_brief --keep-anyway",
)
@click.argument("run", shell_complete=complete_runs)
@click.option(
    "--from",
    "place",
    required=True,
    metavar="TASK",
    shell_complete=complete_places,
    help="The first task to do anew; in a market, its task for new drafts, or 'judging' to keep the drafts.",
)
@inputs_options
@click.option(
    "--keep-anyway", is_flag=True, help="Keep outputs even where what they rest on has changed; reported."
)
@click.option("-q", "--quiet", is_flag=True, help="Show nothing while it runs.")
@click.option("-d", "--detach", is_flag=True, help="Leave the run to a worker ('crewctl worker').")
@output_option
def command(  # noqa: PLR0913, PLR0917 - click passes one parameter for each option, by name
    run: str,
    place: str,
    single: tuple[str, ...],
    whole: str | None,
    keep_anyway: bool,  # noqa: FBT001 - click passes flags by name
    quiet: bool,  # noqa: FBT001
    detach: bool,  # noqa: FBT001
    form: Format,
) -> int:
    """Run the crew of RUN anew from TASK on, as its files are today; what came before is kept.

    Kept outputs are copied, cost nothing, and are not written to files again. A task whose output is kept
    must read as it did, with the same agent, model, tools and inputs; else it is refused. The gate is asked
    for the plan of today. RUN may be finished, failed, stopped or waiting; it stays as it is.
    """
    from crewctl.cli.account import open_account  # noqa: PLC0415 - start-up cost
    from crewctl.cli.again import How, fork  # noqa: PLC0415 - a help text must not import plans

    given = read_inputs(single, whole)
    return fork(open_account(), run, place, given, How(form, detach, quiet), anyway=keep_anyway)
