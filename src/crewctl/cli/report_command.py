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
    "crewctl report last --html",
    "crewctl report last --html - > page.html",
    "crewctl report 20261121-0915 --diff 20261120",
    "crewctl report last --diff 20261120 --html",
)
@click.argument("run", default="last", shell_complete=complete_runs)
@click.option(
    "--diff",
    "other",
    metavar="RUN",
    shell_complete=complete_runs,
    help="Show what differs from this earlier run.",
)
@click.option(
    "--html",
    "page",
    metavar="[FILE]",
    is_flag=False,
    flag_value="",
    type=click.Path(dir_okay=False),
    help="Write it as a page for browsers to FILE, or beside the JSON report; '-' is stdout.",
)
@output_option
def command(run: str, other: str | None, page: str | None, form: Format) -> None:
    """Show a run's report: approval, limits, tasks, verdict, bill, and where it stopped and why.

    RUN is an id, its beginning, or 'last' (the default). Of a run that waits, what is known so far is shown,
    and what it waits for. The report is computed from the run's
    account; its file under registry/reports is written if it is missing. A page (--html) has
    everything in it, runs no script and loads nothing; it shows the drafts before the verdict.
    """
    from crewctl.cli.account import open_account  # noqa: PLC0415 - start-up cost
    from crewctl.cli.report_reading import (  # noqa: PLC0415 - start-up cost
        report_of,
        show_comparison,
        show_report,
        show_unfinished,
    )

    project = open_account()
    if page is None and other is None and show_unfinished(project, run, form):
        return
    report = report_of(project, run)
    before = None if other is None else report_of(project, other)
    if page is not None:
        from crewctl.cli.report_page import (  # noqa: PLC0415 - only a page needs templates
            show_comparison_page,
            show_page,
        )

        if before is None:
            show_page(project, report, page, form)
        else:
            show_comparison_page(project, before, report, page, form)
    elif before is None:
        show_report(project, report, form)
    else:
        show_comparison(project, before, report, form)
