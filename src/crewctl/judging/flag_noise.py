"""Rules for what says nothing: repetition, blank padding, and strings made by a search."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from crewctl.judging.flag import Hit

_RUN = re.compile(r"(\S)(?:[ \t]*\1)+")
_BLANK = re.compile(r"\s+")
_LONGEST_RUN = 400
_LONGEST_BLANK = 1000
_MOST_BLANK_LINES = 100
_WORD = re.compile(r"[^\W\d_\u3040-\u30ff\u3400-\u9fff]+|[\u3040-\u30ff\u3400-\u9fff]")
_GRAM = 6
_OFTEN = 8
_REPEATED_SHARE = 0.5
_REPEATED_WORDS = 100
_MANY_REPEATED = 200
_MANY_SHARE = 0.25
_MOST_WORDS = 40_000

_ISOLATED = re.compile(r"[(){}\[\]'\";,./]{1,3}$")
_ISOLATED_SHARE = 0.4
_ISOLATED_LEAST = 15
_LINE = re.compile(r"[^\n]{40,}")
_ODD_JOINTS = tuple(
    re.compile(form)
    for form in (
        r"[.!?]\\|\\[\"'!+-]|\\\s*<-",
        r"[a-z]\*\*[A-Za-z]|\*\*[A-Z]{2,}",
        r"\]\((?:[A-Z(\s]|$)|\]\(\{",
        r"\(\{|\{\[|\[\[ |\(\(\[|\[\{",
        r"\b[a-z]{4,}[A-Z][a-z]+\s+[a-z]+",
        r"[a-z]\?\"|\)[a-z]{2,}\?",
        r";;|\}\}\+|==[a-z]|!\([a-z]|--Two",
        r"[a-z]\.\]|\+ [a-z]+[A-Z]",
        r"\{%\]|\]\]?\s?\(\(|~$|\{\}=>",
    )
)
_ODD_LEAST = 4


def noise(text: str) -> Iterator[Hit]:
    """Find, in the shown text, padding and gibberish."""
    for match in _RUN.finditer(text):
        if len(match.group().replace(" ", "").replace("\t", "")) >= _LONGEST_RUN:
            yield Hit("padding", "block", match.start(), match.end())
    for match in _BLANK.finditer(text):
        if match.group().count("\n") >= _MOST_BLANK_LINES or len(match.group()) >= _LONGEST_BLANK:
            yield Hit("padding", "block", match.start(), match.end())
    yield from _repetition(text)
    yield from _gibberish(text)


def _repetition(text: str) -> Iterator[Hit]:
    """Words that stand in runs of six that occur again and again; numbers do not count as words."""
    words = [(match.group().lower(), match.start(), match.end()) for match in _WORD.finditer(text)]
    if len(words) > _MOST_WORDS:
        words = words[: _MOST_WORDS // 2] + words[-_MOST_WORDS // 2 :]
    grams = list(zip(*([word for word, _, _ in words[n:]] for n in range(_GRAM)), strict=False))
    often = {gram for gram, times in Counter(grams).items() if times >= _OFTEN}
    if not often:
        return
    covered = bytearray(len(words))
    for at, gram in enumerate(grams):
        if gram in often:
            covered[at : at + _GRAM] = b"\1" * _GRAM
    repeated = sum(covered)
    share = _MANY_SHARE if repeated >= _MANY_REPEATED else _REPEATED_SHARE
    if repeated >= _REPEATED_WORDS and repeated >= share * len(words):
        first, last = covered.find(1), covered.rfind(1)
        yield Hit("repetition", "block", words[first][1], words[last][2])


def _gibberish(text: str) -> Iterator[Hit]:
    fenced = False
    for line in _LINE.finditer(text):
        fenced ^= line.group().lstrip().startswith("```")
        parts = line.group().split()
        isolated = sum(_ISOLATED.match(part) is not None for part in parts)
        if (isolated >= _ISOLATED_LEAST and isolated >= _ISOLATED_SHARE * len(parts)) or (
            not fenced
            and sum(form.search(line.group()[:5000]) is not None for form in _ODD_JOINTS) >= _ODD_LEAST
        ):
            yield Hit("gibberish", "block", line.start(), line.end())
