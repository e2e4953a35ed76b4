"""Every registration is of a crew that exists."""

from __future__ import annotations

from collections.abc import Iterator

from crewctl.catalogue.draft import Draft
from crewctl.catalogue.kinds import crew_file, entry_file
from crewctl.diagnostics.nearest import did_you_mean
from crewctl.diagnostics.problem import Problem
from crewctl.diagnostics.span import Span


def entries_have_crews(draft: Draft) -> Iterator[Problem]:
    """Yield a problem for every entry that registers nothing."""
    for name in draft.catalogue.entries:
        if name not in draft.declared.crews:
            meant = did_you_mean(name, draft.catalogue.crews)
            yield Problem(
                Span(entry_file(name), 1, 1),
                "entry-without-crew",
                f"there is no crew '{name}' for this entry",
                meant or "registers nothing",
                f"rename this file after its crew, or write {crew_file(name)}",
            )
