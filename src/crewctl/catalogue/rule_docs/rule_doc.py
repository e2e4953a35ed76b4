"""How one rule is explained."""

from __future__ import annotations

import re
from typing import NamedTuple

_FILE = re.compile(r"^# (\S+/\S+\.\w+)$", re.MULTILINE)


class RuleDoc(NamedTuple):
    """One sentence on what the rule finds, one on why it matters, and an example of each kind.

    An example names its file in a comment line above what stands in it.
    """

    meaning: str
    why: str
    bad: str = ""
    good: str = ""


def files_of(example: str) -> dict[str, str]:
    """Return the content of each file that `example` shows."""
    parts = _FILE.split(example)
    return {name: content.removeprefix("\n") for name, content in zip(parts[1::2], parts[2::2], strict=True)}
