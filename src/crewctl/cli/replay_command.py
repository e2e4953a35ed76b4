"""``crewctl replay``: a run once more, from its recording, at no cost."""

from __future__ import annotations

import click

from crewctl.cli.command import declare
from crewctl.cli.complete import complete_runs
from crewctl.cli.output import Format, output_option


@declare("replay", "crewctl replay last", "crewctl replay 20261121-0915 -q", "crewctl replay last -o json")
@click.argument("run", default="last", shell_complete=complete_runs)
@click.option("-q", "--quiet", is_flag=True, help="Show nothing while it runs.")
@output_option
def command(run: str, quiet: bool, form: Format) -> int:  # noqa: FBT001 - click's
    """Take RUN's plan down the line again with every answer from its recording, and compare.

    No model is asked, no tool is called or even imported, no file is written, and nothing is spent; so no
    approval is needed. Then it is said whether outcome, outputs and verdict are the same, and where the
    first question differed. Exit 0 only if all is equal. RUN is an id, its beginning, or 'last' (the
    default): the newest run that is over and no replay itself.
    """
    from crewctl.cli.account import open_account  # noqa: PLC0415 - start-up cost
    from crewctl.cli.replaying import replay  # noqa: PLC0415 - a help text must not import plans

    return replay(open_account(), run, form, quiet=quiet)
