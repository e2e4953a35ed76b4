"""Texts behind a text: what a draft says once it is decoded, respelt or read backwards."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from crewctl.judging.flag import Hit
from crewctl.judging.flag_speech import VOCABULARY, speech
from crewctl.judging.folding import folded

_LEET = str.maketrans("431057@$!|", "aeiostasil")
_LEET_WORD = re.compile(r"[a-z0-9@$!|]{3,}")
_WORD = re.compile(r"[a-z]{4,}")
_BACKWARDS = frozenset(word[::-1] for word in VOCABULARY)
_WORTH_READING = 2
_SPACED = re.compile(
    r"(?<![^\W_])[^\W\d_](?:[ .\-_*/][^\W\d_](?![^\W_])){2,}(?:[^\w\n]{1,4}[^\W\d_](?:[ .\-_*/][^\W\d_](?![^\W_])){0,20}){0,400}"
)
_INNER = re.compile(r"(?<=\w)[ .\-_*/](?=\w)")
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/_-]{24,20000}={0,2}")
_HEX = re.compile(r"(?<![0-9a-fA-F])(?:[0-9a-fA-F]{2}[ :]?){16,10000}")


def encoded(shown: str) -> Iterator[Hit]:
    """Find speech to a judge in base64, in hexadecimal digits, or in letters set apart."""
    for form, decode in ((_BASE64, _from_base64), (_HEX, _from_hex), (_SPACED, _from_spaced)):
        for match in form.finditer(shown):
            said = decode(match.group())
            if said and any(hit.severity == "block" for hit in speech(folded(said).text)):
                yield Hit("encoded_speech", "block", match.start(), match.end())


def respelt(text: str) -> Iterator[Hit]:
    """Find speech in a folded text that is written in digits for letters, or backwards."""
    leet = {word.translate(_LEET).strip("i") for word in set(_LEET_WORD.findall(text)) if not word.isalpha()}
    if leet & VOCABULARY:
        yield from _blocking(speech(text.translate(_LEET)))
    words = set(_WORD.findall(text))
    if len(words & _BACKWARDS) >= _WORTH_READING:
        for hit in _blocking(speech(text[::-1])):
            yield hit._replace(start=len(text) - hit.end, end=len(text) - hit.start)


def _blocking(hits: Iterator[Hit]) -> Iterator[Hit]:
    return (hit._replace(rule="encoded_speech") for hit in hits if hit.severity == "block")


def _from_base64(chunk: str) -> str:
    try:
        data = base64.b64decode(
            chunk.rstrip("=").translate(str.maketrans("-_", "+/")) + "=" * (-len(chunk.rstrip("=")) % 4)
        )
        return data.decode()
    except (binascii.Error, ValueError):
        return ""


def _from_hex(chunk: str) -> str:
    try:
        return bytes.fromhex(chunk.replace(":", " ")).decode()
    except ValueError:
        return ""


def _from_spaced(chunk: str) -> str:
    return " ".join(_INNER.sub("", word) for word in re.split(r"[ \t]{2,}|[,;:!?]\s|\s(?=\S\.)", chunk))
