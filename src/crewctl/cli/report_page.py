"""Writes a run's report as a page where the user wants it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from crewctl.adapters.report_pages import write_beside_report, write_page
from crewctl.audit.report import RunReport
from crewctl.cli.html_diff import html_diff
from crewctl.cli.html_report import html_report
from crewctl.cli.output import Format, emit_one
from crewctl.cli.report_reading import differences_of, report_file
from crewctl.diagnostics.visible import one_line
from crewctl.errors import UsageError

if TYPE_CHECKING:  # only its shape is needed
    from crewctl.wiring import Project

BESIDE_REPORT = ""
"""What ``--html`` without a file means."""
STDOUT = "-"
_ENDINGS = (".html", ".htm")


def show_page(project: Project, report: RunReport, wanted: str, form: Format) -> None:
    """Write a report's page to `wanted` and print where it is; UsageError for a file that is no page's."""
    _refuse(wanted, form)
    page = html_report(report, report_file(project, report))
    _write(project, report, report.run_id, page, wanted, form)


def show_comparison_page(
    project: Project, before: RunReport, after: RunReport, wanted: str, form: Format
) -> None:
    """Write a page on what differs between two runs; UsageError for a file that is no page's."""
    _refuse(wanted, form)
    page = html_diff(before, after, *differences_of(project, before, after))
    _write(project, after, f"{after.run_id}-since-{before.run_id}", page, wanted, form)


def _write(project: Project, report: RunReport, name: str, page: str, wanted: str, form: Format) -> None:
    if wanted == STDOUT:
        click.echo(page, nl=False)
        return
    # A letter that is none is spelled out.
    content = page.encode("utf-8", "backslashreplace")
    if wanted == BESIDE_REPORT:
        path = write_beside_report(project.root, report.crew, name, content)
    else:
        path = write_page(Path(wanted), content)
    where = {"run_id": report.run_id, "page": str(path)}
    emit_one(where, str(path), form, lambda: click.echo(one_line(str(path))))


def _refuse(wanted: str, form: Format) -> None:
    if wanted == STDOUT and form != "table":
        raise UsageError("both --html - and -o write to stdout", help="choose one of them")
    if wanted not in (BESIDE_REPORT, STDOUT) and not wanted.endswith(_ENDINGS):
        raise UsageError(
            f"--html writes a page, and {wanted!r} does not end in .html",
            help="name the run before the option: crewctl report RUN --html [FILE]",
        )
