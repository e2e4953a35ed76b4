"""Folds text between words to the width of a terminal; a pipe or a file gets the text as it is."""

from __future__ import annotations

import shutil
import sys
import unicodedata
from collections.abc import Sequence

NARROWEST = 20
"""Cells; below this, folding makes a text harder to read than the terminal's own wrapping does."""


def terminal_width() -> int | None:
    """Return how many cells a line on stdout has; None when that is no terminal, or too narrow a one."""
    cells = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    return cells if cells >= NARROWEST else None


def width(text: str) -> int:
    """Return how many cells of a terminal the text takes."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide - sum(unicodedata.combining(letter) > 0 for letter in text)


def folded(line: str, room: int | None) -> list[str]:
    """Fold one line to `room` cells; what follows is indented alike. A word is never cut: it may be copied."""
    if room is None or width(line) <= room:
        return [line]
    indent = line[: len(line) - len(line.lstrip(" "))]
    lines: list[str] = []
    for word in line.split(" ")[len(indent) :]:
        longer = f"{lines[-1]} {word}" if lines else indent + word
        if lines and width(longer) > room:
            lines.append(indent + word)
        elif lines:
            lines[-1] = longer
        else:
            lines.append(longer)
    return [each.rstrip() for each in lines]


def fitting(columns: Sequence[Sequence[str]], room: int | None, gap: int) -> list[int]:
    """Return the widths of as many columns as `room` holds, from the left; the widest are folded first.

    No column is narrower than its longest word. The first holds what a person copies: it keeps its width.
    """
    widths = [max(width(cell) for cell in column) for column in columns]
    if room is None:
        return widths
    least = [max(width(word) for cell in column for word in cell.split(" ")) for column in columns]
    shown = len(widths)
    while shown > 1 and widths[0] + sum(least[1:shown]) + gap * (shown - 1) > room:
        shown -= 1
    fits = widths[:shown]
    while sum(fits) + gap * (shown - 1) > room and shown > 1:
        widest = max((n for n in range(1, shown) if fits[n] > least[n]), key=lambda n: fits[n])
        fits[widest] -= 1
    return fits
