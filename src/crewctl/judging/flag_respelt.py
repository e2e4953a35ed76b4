"""Texts behind a text, by a code of letters: shifted, turned, stretched, shortened, glued or set apart.

Each reading costs a pass over the text, so it is tried only where a few words of judging show in it.
"""

from __future__ import annotations

import base64
import binascii
import re
import string
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterator

from crewctl.judging.flag import Hit
from crewctl.judging.flag_speech import VOCABULARY, speech
from crewctl.judging.folding import folded

_ALPHABET = string.ascii_lowercase
_WORD = re.compile(r"[a-z]{3,}")
_WORTH_READING = 3
_TURNED: dict[str, list[int]] = {}
for _shift in range(1, 26):
    _table = str.maketrans(_ALPHABET, _ALPHABET[_shift:] + _ALPHABET[:_shift])
    for _word in VOCABULARY:
        _TURNED.setdefault(_word.translate(_table), []).append(_shift)
_MIRROR = str.maketrans(_ALPHABET, _ALPHABET[::-1])
_MIRRORED = frozenset(word.translate(_MIRROR) for word in VOCABULARY)
_NO_VOWELS = {re.sub("[aeiou]", "", word): word for word in sorted(VOCABULARY, reverse=True)} | {
    "ths": "this"
}
_LEAST_CONSONANTS = 3
_LONG = 4


def _scrambled(word: str) -> str:
    return word[0] + "".join(sorted(word[1:-1])) + word[-1]


_ORDERED = {_scrambled(word): word for word in sorted(VOCABULARY | {"this"})}
_BACKWARDS = frozenset(word[::-1] for word in VOCABULARY)
_STRETCHED = re.compile(r"[a-z]*([a-z])\1\1[a-z]*")
_RUN = re.compile(r"([a-z])\1{2,}")

_UPSIDE_DOWN = dict(zip("ɐqɔpǝɟƃɓɥᴉıɾʞןʅɯuodbɹsʇnʌʍxʎz", "abcdefgghiijkllmnopqrstuvwxyz", strict=True))  # noqa: RUF001
_UPSIDE = re.compile("[ɐɔǝɟƃɥᴉɾʞɯɹʇʌʍʎ][^\n]{0,2000}")
_LEAST_UPSIDE = 6
_SIGNALS = ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.."
_MORSE = dict(zip(_SIGNALS.split(), _ALPHABET, strict=True))
_DOTS = re.compile(r"(?:[.-]{1,4}[ /|]{1,3}){8,4000}[.-]{1,4}")
_BITS = re.compile(r"(?:[01]{8}[ ,]?){12,4000}")
_BRAILLE = dict(zip("⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍⠝⠕⠏⠟⠗⠎⠞⠥⠧⠺⠭⠽⠵⠀", _ALPHABET[:22] + "wxyz ", strict=True))
_DOTTED = re.compile("[⠀-⣿][⠀-⣿ ,.]{10,4000}")
_BASE32 = re.compile(r"(?<![A-Za-z0-9])[A-Z2-7]{32,8000}={0,6}")
_ESCAPES = re.compile(r"(?:\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|%[0-9a-fA-F]{2}){8,5000}")
_HUMPS = re.compile(r"(?<![A-Za-z])(?:[A-Z][a-z]{1,15}){5,60}(?![A-Za-z])")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_GLUE = re.compile(r"['\"][ \t]{0,3}[+.][ \t]{0,3}['\"]")
_COLUMN = re.compile(r"(?:^[ \t]{0,3}\w?[ \t]{0,3}\n){8,2000}(?:^\w$)?", re.MULTILINE)
_SET_APART = re.compile(r"(?<=[a-z])([^\w\s'-])(?=[a-z])")
_OFTEN_APART = 8


def respellings(text: str) -> Iterator[Hit]:
    """Find speech in a folded text that becomes plain when its letters are turned, ordered or joined."""
    words = {word for word in _WORD.findall(text) if word not in VOCABULARY}
    shifts = Counter(shift for word in words for shift in _TURNED.get(word, ()))
    for shift, times in shifts.most_common(1):
        if times >= _WORTH_READING:
            back = str.maketrans(_ALPHABET[shift:] + _ALPHABET[:shift], _ALPHABET)
            yield from _blocking(text.translate(back))
    if len(words & _MIRRORED) >= _WORTH_READING:
        yield from _blocking(text.translate(_MIRROR))
    yield from _mended(text, words)
    for sign, times in Counter(_SET_APART.findall(text)).most_common(1):
        if times >= _OFTEN_APART:
            yield from _rewritten(text, re.compile(re.escape(sign)), lambda _: "")
    if len(_GLUE.findall(text)) > 1:
        yield from _rewritten(text, _GLUE, lambda _: "")


def _mended(text: str, words: set[str]) -> Iterator[Hit]:
    """Read words whose letters are in another order, backwards, stretched, or without vowels."""
    mends: dict[str, str] = {}
    short = {word for word in words if word in _NO_VOWELS and len(word) >= _LEAST_CONSONANTS}
    if len(short) >= _WORTH_READING:
        mends |= {word: _NO_VOWELS[word] for word in short}
    for word in words:
        if len(word) >= _LONG and _scrambled(word) in _ORDERED:
            mends.setdefault(word, _ORDERED[_scrambled(word)])
        if _STRETCHED.fullmatch(word):
            once, twice = _RUN.sub(r"\1", word), _RUN.sub(r"\1\1", word)
            mends[word] = twice if twice in VOCABULARY else once
    if len(words & _BACKWARDS) >= _WORTH_READING:
        mends |= {word: word[::-1] for word in words}
    if mends:
        yield from _rewritten(text, _WORD, lambda word: mends.get(word, word))


def codes(shown: str) -> Iterator[Hit]:
    """Find speech in Morse, Braille, bits, base32, escapes, glued or upside-down words of the shown text."""
    for form, decode in _CODES:
        for match in form.finditer(shown):
            said = decode(match.group())
            if said and any(hit.severity == "block" for hit in speech(folded(said).text)):
                yield Hit("encoded_speech", "block", match.start(), match.end())


def _rewritten(text: str, form: re.Pattern[str], mend: Callable[[str], str]) -> Iterator[Hit]:
    """Find speech in a text with parts of it replaced, at its places in the text as it was."""
    parts: list[str] = []
    at: list[int] = []
    end = 0
    for match in form.finditer(text):
        new = mend(match.group())
        parts += [text[end : match.start()], new]
        at.extend(range(end, match.start()))
        at.extend([match.start()] * len(new))
        end = match.end()
    parts.append(text[end:])
    at.extend(range(end, len(text) + 1))
    for hit in _blocking("".join(parts)):
        yield hit._replace(start=at[hit.start], end=max(at[hit.end], at[hit.start]))


def _blocking(text: str) -> Iterator[Hit]:
    return (hit._replace(rule="encoded_speech") for hit in speech(text) if hit.severity == "block")


def _from_morse(chunk: str) -> str:
    words = re.split(r"\s*[/|]\s*|\s{2,}", chunk)
    return " ".join("".join(_MORSE.get(letter, "") for letter in word.split()) for word in words)


def _from_bits(chunk: str) -> str:
    return bytes(int(bits, 2) for bits in re.findall("[01]{8}", chunk)).decode(errors="ignore")


def _from_base32(chunk: str) -> str:
    bare = chunk.rstrip("=")
    try:
        return base64.b32decode(bare + "=" * (-len(bare) % 8)).decode()
    except (binascii.Error, ValueError):
        return ""


def _from_escapes(chunk: str) -> str:
    plain = re.sub(r"\\(?:x|u)([0-9a-fA-F]{2,4})", lambda code: chr(int(code[1], 16)), chunk)
    return urllib.parse.unquote(plain)


def _from_upside_down(chunk: str) -> str:
    if sum(letter in _UPSIDE_DOWN and not letter.isascii() for letter in chunk) < _LEAST_UPSIDE:
        return ""
    return "".join(_UPSIDE_DOWN.get(letter, letter) for letter in reversed(chunk))


_CODES: tuple[tuple[re.Pattern[str], Callable[[str], str]], ...] = (
    (_DOTS, _from_morse),
    (_BITS, _from_bits),
    (_DOTTED, lambda chunk: "".join(_BRAILLE.get(letter, letter) for letter in chunk)),
    (_BASE32, _from_base32),
    (_ESCAPES, _from_escapes),
    (_UPSIDE, _from_upside_down),
    (_HUMPS, lambda chunk: _HUMP.sub(" ", chunk)),
    (_COLUMN, lambda chunk: re.sub(r"\s*\n", "", re.sub(r"\n[ \t]*\n", "\n ", chunk))),
)
