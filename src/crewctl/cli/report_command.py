"""``crewctl report``: what a run did and why, and what differs from another run."""

from __future__ import annotations

import click

from crewctl.cli.command import declare
from crewctl.cli.complete import complete_runs
from crewctl.cli.output import Format, output_option


@declare(
    "report",
    "crewctl report last",
    "crewctl report last -o json",
    "crewctl report 20261121-0915 --diff 20261120",
)
@click.argument("run", default="last", shell_complete=complete_runs)
@click.option(
    "--diff",
    "other",
    metavar="RUN",
    shell_complete=complete_runs,
    help="Show what differs from this earlier run.",
)
@output_option
def command(run: str, other: str | None, form: Format) -> None:
    """Show a run's report: approval, limits, tasks, verdict, bill, and where it stopped and why.

    RUN is an id, its beginning, or 'last' (the default). The report is computed from the run's
    account; its file under registry/reports is written if it is missing.
    """
    from crewctl.cli.account import open_account  # noqa: PLC0415 - start-up cost
    from crewctl.cli.report_reading import (  # noqa: PLC0415 - start-up cost
        report_of,
        show_comparison,
        show_report,
    )

    project = open_account()
    report = report_of(project, run)
    if other is None:
        show_report(project, report, form)
    else:
        show_comparison(project, report_of(project, other), report, form)
