"""A run's report as one page for browsers: no script, nothing loaded from elsewhere, every text escaped."""

from __future__ import annotations

from typing import Any

from crewctl.audit.report import RunReport
from crewctl.audit.report_people import comparable
from crewctl.cli import verdict_tables
from crewctl.cli.fault_rows import fault_rows
from crewctl.cli.other_outcomes_view import STANDINGS
from crewctl.cli.page_templates import compared, rendered
from crewctl.cli.verdict_reading import Judged, read_judged


def html_report(report: RunReport, path: str | None) -> str:
    """Return the page; `path` is where the JSON report stands."""
    judged = read_judged(report)
    return rendered(
        "report.html.j2",
        report=report,
        judged=judged,
        blind=judged is not None and judged.blind,
        path=path,
        faults=fault_rows(report.faults),
        tables=verdict_tables,
        diff=_diff(judged),
        amended={
            card.card: compared(*(comparable(card.source, text or "") for text in (card.subject, card.text)))
            for card in report.cards
            if card.difference is not None
        },
        standings=STANDINGS,
    )


def _diff(judged: Judged | None) -> dict[str, Any] | None:
    """Return what tells the winner from the runner-up; None when there are not both."""
    if judged is None or judged.verdict.selected_draft is None or judged.runner_up is None:
        return None
    winner, second = judged.text(judged.verdict.selected_draft), judged.text(judged.runner_up)
    if winner is None or second is None:
        return None
    pieces = compared(second, winner)
    return {"winner": judged.verdict.selected_draft, "second": judged.runner_up, "pieces": pieces}
