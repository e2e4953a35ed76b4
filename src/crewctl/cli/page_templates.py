"""The templates of pages for browsers: whatever one prints is made visible and escaped."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from crewctl.audit.report import LimitUse
from crewctl.audit.word_diff import Piece, word_diff
from crewctl.cli.amounts import duration, moment
from crewctl.cli.people_view import said_of
from crewctl.cli.quoted import Stretch, stretches
from crewctl.cli.report_view import amount_text, dollars_text
from crewctl.cli.verdict_reading import Judged
from crewctl.cli.verdict_tables import evidence_of
from crewctl.diagnostics.visible import visible

LONGEST_TEXT = 60_000
"""Characters of one text that a page shows; the JSON report holds it whole."""

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""What a browser may do with a page: nothing but show it."""

_PAGES = Path(__file__).parent / "page"
_FOLDED_FROM = 1_500
_SCROLLED_FROM = 8_000


class Shown(NamedTuple):
    """A text as a page shows it; `left_out` are the characters that it does not show."""

    parts: list[Stretch]
    left_out: int

    @property
    def scrolls(self) -> bool:
        """Whether the text is so long that it scrolls in a box of its own."""
        return self.left_out > 0 or sum(len(part.text) for part in self.parts) > _SCROLLED_FROM


def rendered(template: str, **values: Any) -> str:
    """Return a page made from one of the templates."""
    return _templates().get_template(template).render(policy=POLICY, **values)


def compared(before: str, after: str) -> list[Piece] | None:
    """Compare as much of two texts as a page shows; None when that is too long to be compared."""
    return word_diff(before[:LONGEST_TEXT], after[:LONGEST_TEXT])


@cache
def _templates() -> Environment:
    found = Environment(
        loader=FileSystemLoader(_PAGES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_safe,
    )
    found.filters |= {
        "shown": _shown,
        "quoted": _quoted,
        "moment": moment,
        "duration": duration,
        "dollars": dollars_text,
        "words": lambda word: str(word).replace("_", " "),
        "folds": lambda text: len(text) > _FOLDED_FROM,
        "limit": _limit,
        "card_said": said_of,
    }
    return found


def _safe(value: Any) -> Any:
    """Make what a template prints visible; escaping follows. Only our own markup comes through as it is."""
    if value is None:
        return ""
    return value if hasattr(value, "__html__") else visible(str(value).replace("\r\n", "\n"))


def _shown(text: str) -> Shown:
    return Shown([Stretch(text[:LONGEST_TEXT], quoted=False)], max(0, len(text) - LONGEST_TEXT))


def _quoted(text: str, judged: Judged, draft: str) -> Shown:
    """Return a draft's text with what was quoted from it."""
    parts = stretches(text[:LONGEST_TEXT], evidence_of(judged, draft))
    return Shown(parts, max(0, len(text) - LONGEST_TEXT))


def _limit(limit: LimitUse) -> tuple[str, str]:
    return amount_text(limit.used, limit.unit, "unknown"), amount_text(limit.allowed, limit.unit, "no limit")
