"""What ``crewctl check`` says: the problems, a summary, and the fields that are ignored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from crewctl.diagnostics.problem import Severity
from crewctl.diagnostics.render import render

if TYPE_CHECKING:  # the specs are expensive to import
    from crewctl.catalogue.catalogue import Catalogue
    from crewctl.wiring import Project


@dataclass(frozen=True)
class Checked:
    """The outcome of one check."""

    catalogue: Catalogue

    @property
    def errors(self) -> int:
        """How many problems stop a crew."""
        return sum(problem.severity is Severity.ERROR for problem in self.catalogue.problems)

    @property
    def summary(self) -> str:
        """One line for a person."""
        warnings = len(self.catalogue.problems) - self.errors
        told = [_counted(self.errors, "problem")] if self.errors else []
        told += [_counted(warnings, "warning")] if warnings else []
        files = _counted(len(self.catalogue.sources), "file")
        crews = _counted(len(self.catalogue.crews), "crew")
        return f"{' and '.join(told)} in {files}" if told else f"no problems in {files}, {crews}"

    def rendered(self, shape: str) -> str:
        """Return the problems as text, concise lines, JSON or GitHub annotations."""
        sources = {file: source.content for file, source in self.catalogue.sources.items()}
        chosen = cast("Literal['text', 'concise', 'json', 'github']", shape)
        return render(self.catalogue.problems, sources, chosen)


def checked(project: Project) -> Checked:
    """Read the whole project."""
    return Checked(project.catalogue)


def problem_rows(found: Checked) -> list[dict[str, Any]]:
    """Return the problems as rows."""
    return [
        {
            "file": problem.span.file,
            "line": problem.span.line,
            "column": problem.span.column,
            "severity": problem.severity.value,
            "rule": problem.rule,
            "message": problem.message,
            "help": problem.help,
        }
        for problem in found.catalogue.problems
    ]


def ignored_fields(found: Checked) -> list[str]:
    """Name every display field that is accepted and does nothing."""
    return [
        f"config/agents.yaml: agent '{name}': 'verbose' only changes what CrewAI prints, and is ignored"
        for name, agent in sorted(found.catalogue.agents.items())
        if agent.verbose is not None
    ]


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
