"""A place in a file, as a person counts: lines and columns from one."""

from __future__ import annotations

from typing import NamedTuple


class Span(NamedTuple):
    """One stretch of text on one line of one file.

    ``file`` is relative to the project, with forward slashes; ``width`` counts characters
    and is at least 1. A tuple, because a check of 5,000 files makes very many of them.
    """

    file: str
    line: int
    column: int
    width: int = 1
