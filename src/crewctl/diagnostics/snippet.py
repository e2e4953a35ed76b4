"""The line of a file that a problem is about, with a caret under the words in question."""

from __future__ import annotations

from crewctl.diagnostics.columns import columns, shown
from crewctl.diagnostics.span import Span
from crewctl.diagnostics.unsaid import without_secrets

WIDEST = 120
"""Characters of a line that are shown; of a longer line, the part around the caret."""


def snippet(span: Span, label: str, content: bytes | None) -> list[str]:
    """Return the gutter, the line and the caret line; nothing when the line is not at hand."""
    line = _line(content, span.line)
    if line is None:
        return []
    start = min(span.column - 1, len(line))
    end = max(start + 1, min(start + span.width, len(line)))
    left = max(0, start - WIDEST // 2) if len(line) > WIDEST else 0
    right = min(len(line), left + WIDEST)
    before = ("…" if left else "") + line[left:start]
    text = ("…" if left else "") + line[left:right] + ("…" if right < len(line) else "")
    caret = "^" + "~" * (max(1, columns(line[start : min(end, right)])) - 1)
    number = str(span.line)
    gutter = " " * len(number) + " |"
    return [
        gutter,
        f"{number} | {shown(text)}".rstrip(),
        f"{gutter} {' ' * columns(before)}{caret} {shown(label)}".rstrip(),
    ]


def _line(content: bytes | None, number: int) -> str | None:
    if content is None:
        return None
    lines = content.split(b"\n")
    if number > len(lines):
        return None
    text = lines[number - 1].removesuffix(b"\r").decode("utf-8", errors="replace")
    return without_secrets(text.removeprefix("\ufeff") if number == 1 else text)
