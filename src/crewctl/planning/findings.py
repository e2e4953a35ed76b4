"""What stands in the way of a plan: problems with their places, gathered in one pass."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from crewctl.catalogue.catalogue import Catalogue
from crewctl.catalogue.kinds import crew_file, entry_file, rubric_file
from crewctl.diagnostics.problem import Problem, Severity
from crewctl.diagnostics.span import Span
from crewctl.errors import InvalidError

OWN_FOLDERS = ("crews/", "registry/entries/", "registry/rubrics/")
"""Where a file concerns one crew (or rubric) alone; every other file concerns all crews."""


class Where(NamedTuple):
    """A file and the way to one of its values, or to its key; the place is only looked up for a problem."""

    file: str
    path: tuple[str | int, ...] = ()
    key: bool = False


class InvalidPlanError(InvalidError):
    """A crew cannot be planned; `problems` says why, each with its place, and `headline` does without them."""

    def __init__(self, crew: str, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems), key=lambda problem: (problem.span, problem.rule)))
        first = self.problems[0]
        more = f" (and {len(self.problems) - 1} more)" if len(self.problems) > 1 else ""
        self.headline = f"crew {crew!r} cannot be planned"
        super().__init__(f"{self.headline}: {first.message}{more}", help=first.help)


@dataclass
class Findings:
    """Gathers problems, so that a person sees all of them at once."""

    catalogue: Catalogue
    problems: list[Problem] = field(default_factory=list)

    def add(self, where: Where, rule: str, message: str, *, label: str = "", help: str = "") -> None:  # noqa: A002 - the word users see
        """Note one problem."""
        source = self.catalogue.sources.get(where.file)
        span = Span(where.file, 1, 1) if source is None else source.place(where.path, key=where.key)
        self.problems.append(Problem(span, rule, message, label=label, help=help))

    def settle(self, crew: str) -> None:
        """Raise InvalidPlanError if anything was noted."""
        if self.problems:
            raise InvalidPlanError(crew, self.problems)


def problems_in_the_way(catalogue: Catalogue, crew: str, rubric: str | None) -> list[Problem]:
    """Return the catalogue's errors that bear on `crew`.

    A file that could not be read says nothing, and silence must not be taken for leave: without
    its broken policy a project would have no ceilings. What lies in other crews' own files, or
    between a shared file and those, does not matter here. A file that is misnamed, such as
    ``Brief.yml``, is the own file of the crew that was meant.
    """
    own = {crew_file(crew), entry_file(crew)} | ({rubric_file(rubric)} if rubric is not None else set())
    return [each for each in catalogue.problems if each.severity is Severity.ERROR and _bears_on(each, own)]


def _bears_on(problem: Problem, own: set[str]) -> bool:
    files = {problem.span.file, *(related.span.file for related in problem.related)}
    of_one_crew = {_meant(file) for file in files if file.startswith(OWN_FOLDERS)}
    return not of_one_crew or not of_one_crew.isdisjoint(own)


def _meant(file: str) -> str:
    return f"{file.rpartition('.')[0].strip().lower()}.yaml"
