"""Take secret values out of anything that is about to be kept."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

SHORTEST = 8
"""Shorter secrets are left alone: taking every ``test`` out of a text would hide the text itself."""

REDACTED = "[redacted]"


class Redaction:
    """Replaces secret values, also where they were JSON-escaped, percent-encoded or in base64.

    Secrets shorter than `SHORTEST` characters are not looked for.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for secret in secrets if len(secret) >= SHORTEST for form in _forms(secret)}
        # The longest first, so that a secret inside another leaves no rest of the longer one.
        ordered = sorted(forms, key=lambda form: (-len(form), form))
        self._pattern = re.compile(b"|".join(re.escape(form) for form in ordered)) if ordered else None
        self._longest = len(ordered[0]) if ordered else 0

    def finds(self, data: bytes) -> bool:
        """Tell whether any secret stands in `data`."""
        return self._pattern is not None and self._pattern.search(data) is not None

    def of_bytes(self, data: bytes) -> bytes:
        """Return `data` without secrets."""
        return data if self._pattern is None else self._pattern.sub(REDACTED.encode(), data)

    def beginning_of(self, data: bytes) -> tuple[bytes, bytes]:
        """Return what of a growing text is certain, without secrets, and the rest as it is.

        The rest may hold the beginning of a secret: it is to be put before whatever comes next.
        """
        if self._pattern is None:
            return data, b""
        # A form that begins before here stands in `data` to its end.
        certain = max(0, len(data) - self._longest + 1)
        for match in self._pattern.finditer(data):
            if match.start() >= certain:
                break
            certain = max(certain, match.end())
        return self.of_bytes(data[:certain]), data[certain:]

    def of_text(self, text: str) -> str:
        """Return `text` without secrets."""
        if self._pattern is None:
            return text
        return self.of_bytes(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def of_json(self, value: Any) -> Any:
        """Return a JSON value with every string in it redacted; keys stay."""
        if isinstance(value, str):
            return self.of_text(value)
        if isinstance(value, list | tuple):
            return [self.of_json(item) for item in value]
        if isinstance(value, dict):
            return {key: self.of_json(item) for key, item in value.items()}
        return value


def _forms(secret: str) -> set[bytes]:
    raw = secret.encode("utf-8", "surrogatepass")
    texts = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    texts |= {quote(raw, safe=""), quote(raw)}
    return {raw, *(text.encode("utf-8", "surrogatepass") for text in texts), *_in_base64(raw)}


def _in_base64(raw: bytes) -> set[bytes]:
    """Return what `raw` always looks like inside base64, whatever stands before and after it.

    Base64 works on groups of three bytes, so there are three alignments; the letters that depend
    on the neighbours are cut off at both ends.
    """
    forms: set[bytes] = set()
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw)
        first = (before * 8 + 5) // 6
        last = (before + len(raw)) * 8 // 6
        form = encoded[first:last]
        forms |= {form, form.replace(b"+", b"-").replace(b"/", b"_")}
    return forms
