"""Make control characters in untrusted text visible, so that no text can drive a terminal."""

from __future__ import annotations

import re

# C0 and C1 controls but tab and newline, zero-width and bidirectional controls, line separators,
# the byte-order mark, tag characters and interlinear marks: none of them has business in a
# terminal when the text comes from a model, a tool or a file.
HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f]"
)


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
