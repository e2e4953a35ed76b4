"""What differs between two runs as one page for browsers; texts word by word."""

from __future__ import annotations

from collections.abc import Sequence

from crewctl.audit.events import Change
from crewctl.audit.report import RunReport
from crewctl.audit.report_diff import Difference
from crewctl.cli.difference_groups import both_texts, grouped, is_long
from crewctl.cli.page_templates import compared, rendered
from crewctl.planning.differences import in_words


def html_diff(
    before: RunReport, after: RunReport, found: Sequence[Difference], changes: Sequence[Change]
) -> str:
    """Return the page; `changes` are those of the plan."""
    groups = [
        (
            title,
            [(each.place, *both_texts(each)) for each in group if not is_long(each)],
            [(each.place, compared(*_texts(each))) for each in group if is_long(each)],
        )
        for title, group in grouped(found)
    ]
    words = [in_words(change) for change in changes]
    return rendered("diff.html.j2", before=before, after=after, groups=groups, changes=words)


def _texts(difference: Difference) -> tuple[str, str]:
    """Return the two texts; what is not there is empty, and nothing of it is compared."""
    old, new = both_texts(difference)
    return "" if difference.before is None else old, "" if difference.after is None else new
