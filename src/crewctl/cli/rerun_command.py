"""``crewctl rerun``: the same plan once more, as a new run."""

from __future__ import annotations

import click

from crewctl.cli.command import declare
from crewctl.cli.complete import complete_runs
from crewctl.cli.output import Format, output_option


@declare(
    "rerun",
    "crewctl rerun last",
    "crewctl rerun 20261121-0915 --detach",
    "crewctl rerun 20261121-0915 --with-files",
)
@click.argument("run", shell_complete=complete_runs)
@click.option(
    "--with-files", is_flag=True, help="Make the plan anew from today's files, with the same inputs."
)
@click.option("-q", "--quiet", is_flag=True, help="Show nothing while it runs.")
@click.option("-d", "--detach", is_flag=True, help="Leave the run to a worker ('crewctl worker').")
@output_option
def command(run: str, with_files: bool, quiet: bool, detach: bool, form: Format) -> int:  # noqa: FBT001 - click's
    """Run the very plan of RUN again, inputs included: a new run, and the gate is asked anew.

    The files of today do not count, but where the registry has become stricter since, the plan of then is
    refused. With --with-files they do count, and every difference is shown. RUN is an id, its beginning, or
    'last'. What RUN came to stays as it is.
    """
    from crewctl.cli.account import open_account  # noqa: PLC0415 - start-up cost
    from crewctl.cli.again import How, rerun  # noqa: PLC0415 - a help text must not import plans

    return rerun(open_account(), run, How(form, detach, quiet), with_files=with_files)
