"""What ``crewctl check`` says: the problems in several shapes, and a summary."""

from __future__ import annotations

from typing import Any, Literal, cast

from crewctl.cli.overview import Overview
from crewctl.diagnostics.problem import Severity
from crewctl.diagnostics.render import as_data, render


def errors_in(seen: Overview) -> int:
    """Count the problems that stop a crew."""
    return sum(problem.severity is Severity.ERROR for problem in seen.problems)


def summary(seen: Overview) -> str:
    """Return one line for a person."""
    errors = errors_in(seen)
    told = [_counted(errors, "problem")] if errors else []
    told += [_counted(len(seen.problems) - errors, "warning")] if len(seen.problems) > errors else []
    files = _counted(seen.files, "file")
    return (
        f"{' and '.join(told)} in {files}"
        if told
        else f"no problems in {files}, {_counted(seen.crews, 'crew')}"
    )


def rendered(seen: Overview, shape: str) -> str:
    """Return the problems as text, concise lines, JSON or GitHub annotations."""
    return render(seen.problems, seen.contents, cast("Literal['text', 'concise', 'json', 'github']", shape))


def problem_rows(seen: Overview) -> list[dict[str, Any]]:
    """Return the problems as rows, the same as ``--format json`` gives."""
    return [as_data(problem) for problem in seen.problems]


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
