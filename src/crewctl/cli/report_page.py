"""Writes a run's report as a page where the user wants it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from crewctl.adapters.report_pages import write_beside_report, write_page
from crewctl.audit.report import RunReport
from crewctl.cli.html_report import html_report, page_bytes
from crewctl.cli.output import Format, emit_one
from crewctl.cli.report_reading import report_file
from crewctl.diagnostics.visible import one_line
from crewctl.errors import UsageError

if TYPE_CHECKING:  # only its shape is needed
    from crewctl.wiring import Project

BESIDE_REPORT = ""
"""What ``--html`` without a file means."""
STDOUT = "-"
_ENDINGS = (".html", ".htm")


def show_page(project: Project, report: RunReport, wanted: str, form: Format) -> None:
    """Write the page to `wanted` and print where it is; UsageError for a file that is no page's."""
    _refuse(wanted, form)
    json_path = report_file(project, report)
    if wanted == STDOUT:
        click.echo(html_report(report, json_path), nl=False)
        return
    content = page_bytes(report, json_path)
    if wanted == BESIDE_REPORT:
        path = write_beside_report(project.root, report.crew, report.run_id, content)
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
