"""Placeholders in prose: ``{name}`` as CrewAI finds them, filled once."""

from __future__ import annotations

import re
from collections.abc import Mapping

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_\-]*)\}")


def placeholders(text: str) -> list[tuple[str, int, int]]:
    """Return every placeholder's name with where it starts and ends in `text`, braces included."""
    return [(match.group(1), *match.span()) for match in _PLACEHOLDER.finditer(text)]


def fill(text: str, inputs: Mapping[str, str | int | float | bool]) -> str:
    """Return `text` with each placeholder that `inputs` names replaced, in one pass.

    What an input contains is never looked at again, so one input cannot pull in another. A
    placeholder without an input stays as it is. True and false are written as Python and
    CrewAI write them.
    """
    return _PLACEHOLDER.sub(
        lambda match: str(inputs[match.group(1)]) if match.group(1) in inputs else match.group(), text
    )
