"""Quotes that have to show where in a draft something stands."""

from __future__ import annotations

from crewctl.judging.answers import Unreadable, flat, occurs

LEAST_QUOTE = 12
"""Characters: a word or two occur in any draft and show nothing."""


def check_quote(quote: str, text: str) -> None:
    """Raise Unreadable unless the quote stands in the text and is long enough, or the whole of it."""
    words = flat(quote)
    if not words or (len(words) < LEAST_QUOTE and words != flat(text)):
        raise Unreadable("quote_not_found", "a quote was missing, or too short to show anything")
    if not occurs(words, text):
        raise Unreadable(
            "quote_not_found", "a quote does not occur word for word in the draft that it is from"
        )
