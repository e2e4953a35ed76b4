"""A problem: something wrong in a file that its author can put right."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from crewctl.diagnostics.span import Span
from crewctl.diagnostics.unsaid import words_without_secrets


class Severity(StrEnum):
    """Errors stop a crew; warnings are said and do not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Related:
    """A second place that explains a problem."""

    span: Span
    message: str

    def __post_init__(self) -> None:
        """Take out of the words what looks like a secret."""
        object.__setattr__(self, "message", words_without_secrets(self.message))


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding; `rule` is its stable name, shown in brackets and taken by ``crewctl explain``.

    ``message`` says what is wrong; ``label`` is the hint beside the caret; ``help`` is one
    imperative line. All three are safe to print only after `visible`. What looks like a secret is
    taken out of them, whatever rule made them.
    """

    span: Span
    rule: str
    message: str
    label: str = ""
    help: str = ""
    related: tuple[Related, ...] = ()
    severity: Severity = Severity.ERROR

    def __post_init__(self) -> None:
        """Take out of the words what looks like a secret: no rule has to think of it."""
        for name in ("message", "label", "help"):
            object.__setattr__(self, name, words_without_secrets(getattr(self, name)))
