"""Make control characters in untrusted text visible, so that no text can drive a terminal."""

from __future__ import annotations

import re

# C0 and C1 controls but tab and newline, zero-width and bidirectional controls, line separators, the
# byte-order mark, tag characters, interlinear marks, letters that are blank, and selectors of variants:
# none of them has business in a terminal when the text comes from a model, a tool or a file, and a
# reviewer of a prompt would not see what is written in them.
_NEVER_SEEN = (
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# Joiners and the choice between text and picture belong to other scripts and to emoji. After a Latin
# letter, or after one another, they only hide something.
_OUT_OF_PLACE = "(?<=[\x00-\x7f\u200c\u200d])[\u200c\u200d]|(?<=[\x00-\x22\x24-\x29\x2b-\x2f\x3a-\x7f\ufe0e\ufe0f])[\ufe0e\ufe0f]"
HIDDEN = re.compile(f"{_NEVER_SEEN}|{_OUT_OF_PLACE}")


def visible(text: str) -> str:
    r"""Return `text` with every hidden character spelled out (ESC becomes ``\x1b``)."""
    return HIDDEN.sub(_spell, text)


def one_line(text: str) -> str:
    r"""Return `text` made visible and on one line (a newline becomes ``\n``)."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def _spell(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code <= 0xFF:  # noqa: PLR2004 - the last code point with a two-digit escape
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004
