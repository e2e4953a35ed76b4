"""What a suspicious place in a draft is, and the form in which rules report one."""

from __future__ import annotations

from typing import Literal, NamedTuple

from crewctl.judging.port import Frozen

Severity = Literal["warn", "block"]


class Flag(Frozen):
    """One suspicious place in the shown text; `offset` and `length` are in characters.

    ``block`` means that the draft may not be selected without a person; ``warn`` is only written down.
    """

    rule: str
    severity: Severity
    offset: int
    length: int


class Hit(NamedTuple):
    """A place that a rule found, from `start` to before `end` in the text that the rule was given."""

    rule: str
    severity: Severity
    start: int
    end: int
