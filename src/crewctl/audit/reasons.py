"""The one rule for the reasons that people give: how much they say at least, and that they are plain text."""

from __future__ import annotations

import unicodedata

from crewctl.errors import UsageError

SHORTEST_REASON = 10
LONGEST_REASON = 2_000


def checked_reason(text: str, *, least: int = SHORTEST_REASON) -> str:
    """Return the reason without blanks around it; UsageError where it says too little, or too much.

    Whatever lets a crew run, refuses it or settles what a run comes to takes the whole of `SHORTEST_REASON`
    characters. What ends or holds up work is not to wait for words: there `least` is 1, or 0.
    """
    reason = text.strip()
    if len(reason) < least:
        characters = f"{least} character{'' if least == 1 else 's'}"
        raise UsageError(
            f"a reason has at least {characters}; this one has {len(reason)}",
            help='say why, so that it is understood months later: --reason "…"',
        )
    if len(reason) > LONGEST_REASON:
        raise UsageError(f"a reason has at most {LONGEST_REASON} characters", help="link to what is longer")
    if any(unicodedata.category(each) in {"Cc", "Cs"} and each not in "\n\t" for each in reason):
        raise UsageError("a reason holds no control characters", help="write it as plain text")
    return reason
