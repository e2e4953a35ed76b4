"""A task says what it is to deliver."""

from __future__ import annotations

from collections.abc import Iterator

from crewctl.catalogue.draft import Draft
from crewctl.diagnostics.problem import Problem, Severity


def outputs_described(draft: Draft) -> Iterator[Problem]:
    """Yield a warning for every blank expected_output."""
    for name, task in draft.catalogue.tasks.items():
        if not task.expected_output.strip():
            yield Problem(
                draft.task(name, "expected_output"),
                "blank-output",
                f"task '{name}' does not say what it is to deliver",
                "blank",
                "describe the output in a sentence",
                severity=Severity.WARNING,
            )
