"""What keeps a prompt blind and its data apart: labels that mean nothing, nonces, one line of JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from crewctl.judging.words import WORDS


def one_line(value: Any) -> str:
    """Return JSON on one line without raw line separators: no content can look like a marker line."""
    text = json.dumps(value, ensure_ascii=False)
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").replace("\x85", "\\u0085")


def draft_list(labels: Sequence[str], texts: Sequence[str], nonce: str) -> str:
    """Return the drafts under their labels as data between two marker lines."""
    block = [{"label": label, "text": text} for label, text in zip(labels, texts, strict=True)]
    return f"<<<{nonce}\n{one_line(block)}\n{nonce}>>>"


def draws(seed: int, key: str) -> Iterator[bytes]:
    """Yield digests that depend on the seed and the key alone."""
    count = 0
    while True:
        yield hashlib.sha256(f"crewctl.judging.draw\0{seed}\0{key}\0{count}".encode()).digest()
        count += 1


def fresh(drawn: Iterator[bytes], length: int, texts: Sequence[str]) -> str:
    """Draw hexadecimal digits that occur in no draft."""
    words = (draw.hex()[:length] for draw in drawn)
    return next(word for word in words if not any(word in text.lower() for text in texts))


def labels_for(drawn: Iterator[bytes], texts: Sequence[str]) -> tuple[str, ...]:
    """Draw one label for each draft; no two share a word."""
    labels: list[str] = []
    for _ in texts:
        taken = tuple(word for label in labels for word in label.split("-"))
        labels.append(_label(drawn, texts, taken))
    return tuple(labels)


def _label(drawn: Iterator[bytes], texts: Sequence[str], taken: tuple[str, ...]) -> str:
    """Draw two words that no draft holds together and no other label uses."""
    for draw in drawn:
        words = [WORDS[int.from_bytes(draw[at : at + 4]) % len(WORDS)] for at in (0, 4)]
        label = "-".join(words)
        used = any(word in taken for word in words) or words[0] == words[1]
        if not used and not any(label in text.lower() for text in texts):
            return label
    raise AssertionError("the draws never end")
