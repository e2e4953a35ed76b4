"""How many terminal columns a piece of text takes."""

from __future__ import annotations

import unicodedata

from crewctl.diagnostics.visible import visible

TAB = "    "


def shown(text: str) -> str:
    """Return `text` as a snippet shows it: hidden characters spelled out, a tab as four spaces."""
    return visible(text).replace("\t", TAB)


def columns(text: str) -> int:
    """Return the number of columns of `text` once `shown`; East Asian wide characters take two."""
    if text.isascii():
        return len(shown(text))
    return sum(_columns_of(character) for character in shown(text))


def _columns_of(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
