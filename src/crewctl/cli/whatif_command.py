"""``crewctl whatif``: past runs of a market, judged otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from crewctl.cli.command import declare
from crewctl.cli.complete import complete_crews
from crewctl.cli.judging_options import judging_options
from crewctl.cli.output import Format, output_option

if TYPE_CHECKING:  # only its shape is needed
    from crewctl.planning.overrides import Overrides


@declare(
    "whatif",
    "crewctl whatif outreach-email --runs last:20 --rubric outreach-email-strict",
    "crewctl whatif outreach-email --runs since:2026-11-01 --judge strict_editor --yes -o json",
)
@click.argument("crew", shell_complete=complete_crews)
@click.option(
    "--runs",
    default="last:20",
    show_default=True,
    metavar="RUNS",
    help="Which runs: last:N, since:DATE, or ids with commas between them.",
)
@judging_options
@click.option("-y", "--yes", is_flag=True, help="Do not ask before real models are.")
@click.option("-q", "--quiet", is_flag=True, help="Do not tell how far it is.")
@output_option
def command(crew: str, runs: str, overrides: Overrides, yes: bool, quiet: bool, form: Format) -> int:  # noqa: FBT001 - click's
    """Judge the recorded drafts of CREW's past runs again and show which choices would have changed.

    No contestant is asked. Every judging is a run of its own with its own report, and needs an approval
    of the crew judged so; one approval for any inputs covers them all. It goes on after a judging that
    failed, and Ctrl-C ends it with what was judged by then.
    """
    from crewctl.cli.account import open_account  # noqa: PLC0415 - start-up cost
    from crewctl.cli.past_verdicts import judged_runs  # noqa: PLC0415 - start-up cost
    from crewctl.cli.whatif import whatif  # noqa: PLC0415 - a help text must not import plans

    project = open_account()
    return whatif(project, judged_runs(project, crew, runs), overrides, form, yes=yes, quiet=quiet)
