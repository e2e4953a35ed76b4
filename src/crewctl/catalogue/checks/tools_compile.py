"""A custom tool's file is Python, as far as that can be told without running it."""

from __future__ import annotations

from collections.abc import Iterator

from crewctl.catalogue.draft import Draft
from crewctl.catalogue.tool_code import parsed
from crewctl.diagnostics.problem import Problem
from crewctl.diagnostics.span import Span


def tools_compile(draft: Draft) -> Iterator[Problem]:
    """Yield a problem for every file under tools/ that a child could not import."""
    for file, content in draft.catalogue.tool_files.items():
        if file.endswith(".py"):
            yield from _unreadable(file, content)


def _unreadable(file: str, content: bytes) -> Iterator[Problem]:
    try:
        parsed(content)
    except SyntaxError as error:
        span = Span(file, max(1, error.lineno or 1), max(1, error.offset or 1))
        yield Problem(span, "bad-tool", f"{file} is not Python: {error.msg}", help="correct the file")
    except (ValueError, RecursionError, MemoryError):
        # The parser gives up in these ways on bytes that are no program.
        yield Problem(Span(file, 1, 1), "bad-tool", f"{file} is not Python", help="correct the file")
