"""A run's report as one page for browsers: no script, nothing loaded from elsewhere, every text escaped."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from crewctl.audit.report import LimitUse, RunReport
from crewctl.cli import verdict_tables
from crewctl.cli.amounts import duration, moment
from crewctl.cli.other_outcomes_view import STANDINGS
from crewctl.cli.quoted import Stretch, stretches
from crewctl.cli.report_view import amount_text, dollars_text
from crewctl.cli.verdict_reading import Judged, read_judged
from crewctl.cli.word_diff import word_diff
from crewctl.diagnostics.visible import visible

LONGEST_TEXT = 60_000
"""Characters of one text that a page shows; the JSON report holds it whole."""

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""What a browser may do with the page: nothing but show it."""

_PAGES = Path(__file__).parent / "page"
_FOLDED_FROM = 1_500
_SCROLLED_FROM = 8_000


class Shown(NamedTuple):
    """A text as the page shows it; `left_out` are the characters that it does not show."""

    parts: list[Stretch]
    left_out: int

    @property
    def scrolls(self) -> bool:
        """Whether the text is so long that it scrolls in a box of its own."""
        return self.left_out > 0 or sum(len(part.text) for part in self.parts) > _SCROLLED_FROM


def html_report(report: RunReport, path: str | None) -> str:
    """Return the page; `path` is where the JSON report stands."""
    judged = read_judged(report)
    return (
        _pages()
        .get_template("report.html.j2")
        .render(
            report=report,
            judged=judged,
            blind=judged is not None and judged.blind,
            path=path,
            tables=verdict_tables,
            diff=_diff(judged),
            standings=STANDINGS,
            policy=POLICY,
        )
    )


def page_bytes(report: RunReport, path: str | None) -> bytes:
    """Return the page as its file holds it; a letter that is none is spelled out."""
    return html_report(report, path).encode("utf-8", "backslashreplace")


@cache
def _pages() -> Environment:
    pages = Environment(
        loader=FileSystemLoader(_PAGES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_safe,
    )
    pages.filters |= {
        "shown": _shown,
        "quoted": _quoted,
        "moment": moment,
        "duration": duration,
        "dollars": dollars_text,
        "words": lambda word: str(word).replace("_", " "),
        "folds": lambda text: len(text) > _FOLDED_FROM,
        "limit": _limit,
    }
    return pages


def _safe(value: Any) -> Any:
    """Make what a template prints visible; escaping follows. Only our own markup comes through as it is."""
    if value is None:
        return ""
    return value if hasattr(value, "__html__") else visible(str(value).replace("\r\n", "\n"))


def _shown(text: str) -> Shown:
    return Shown([Stretch(text[:LONGEST_TEXT], quoted=False)], max(0, len(text) - LONGEST_TEXT))


def _quoted(text: str, judged: Judged, draft: str) -> Shown:
    """Return a draft's text with what was quoted from it."""
    parts = stretches(text[:LONGEST_TEXT], verdict_tables.evidence_of(judged, draft))
    return Shown(parts, max(0, len(text) - LONGEST_TEXT))


def _limit(limit: LimitUse) -> tuple[str, str]:
    return amount_text(limit.used, limit.unit, "unknown"), amount_text(limit.allowed, limit.unit, "no limit")


def _diff(judged: Judged | None) -> dict[str, Any] | None:
    """Return what tells the winner from the runner-up; None when there are not both."""
    if judged is None or judged.verdict.selected_draft is None or judged.runner_up is None:
        return None
    winner, second = judged.text(judged.verdict.selected_draft), judged.text(judged.runner_up)
    if winner is None or second is None:
        return None
    pieces = word_diff(second[:LONGEST_TEXT], winner[:LONGEST_TEXT])
    return {"winner": judged.verdict.selected_draft, "second": judged.runner_up, "pieces": pieces}
