"""A problem: something wrong in a file that its author can put right."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from crewctl.diagnostics.span import Span


class Severity(StrEnum):
    """Errors stop a crew; warnings are said and do not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Related:
    """A second place that explains a problem."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding; `rule` is its stable name, shown in brackets and taken by ``crewctl explain``.

    ``message`` says what is wrong; ``label`` is the hint beside the caret; ``help`` is one
    imperative line. All three are safe to print only after `visible`.
    """

    span: Span
    rule: str
    message: str
    label: str = ""
    help: str = ""
    related: tuple[Related, ...] = ()
    severity: Severity = Severity.ERROR
