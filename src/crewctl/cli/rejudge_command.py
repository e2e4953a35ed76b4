"""``crewctl rejudge``: the same drafts, judged otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from crewctl.cli.command import declare
from crewctl.cli.complete import complete_runs
from crewctl.cli.judging_options import judging_options
from crewctl.cli.output import Format, output_option

if TYPE_CHECKING:  # only its shape is needed
    from crewctl.planning.overrides import Overrides


@declare(
    "rejudge",
    "crewctl rejudge last --protocol balanced_top3",
    "crewctl rejudge 20261121-0915 --judge strict_editor,brand_judge --dry-run",
    "crewctl rejudge last --rubric outreach-email-strict -o json",
)
@click.argument("run", default="last", shell_complete=complete_runs)
@judging_options
@click.option("--dry-run", is_flag=True, help="Only say how many calls and dollars it takes at most.")
@click.option("-q", "--quiet", is_flag=True, help="Show nothing while it judges.")
@output_option
def command(run: str, overrides: Overrides, dry_run: bool, quiet: bool, form: Format) -> int:  # noqa: FBT001 - click's
    """Judge the recorded drafts of a market's RUN again and show what would have changed.

    No contestant is asked; only the judges are. It is a run of its own, within the crew's limits, and
    it needs an approval of the crew judged so: where there is none, the command to approve it is shown.
    RUN is an id, its beginning, or 'last' (the default): the newest that was judged and wrote its drafts.
    """
    from crewctl.cli.account import open_account  # noqa: PLC0415 - start-up cost
    from crewctl.cli.rejudging import rejudge  # noqa: PLC0415 - a help text must not import plans

    return rejudge(open_account(), run, overrides, form, dry_run=dry_run, quiet=quiet)
