"""Rules for text that speaks to a judge: patterns over the skeleton of a folded text.

No single word is a finding. A rule needs an order, an address or a claim, and what it is about: the
rubric, this draft, the others. So a court report and an essay on judges pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from crewctl.judging.flag import Hit, Severity
from crewctl.judging.flag_gist import gists
from crewctl.judging.flag_languages import STEMS
from crewctl.judging.flag_words import DROPPED, UNSPACED, WORDS, plain, table

_STEMS = table(STEMS)
_LEAST_STEM = 5
_LONGEST_STEM = max(map(len, _STEMS))
_KINDS = {**{known: kind for known, kind in _STEMS.items() if " " in known}, **table(WORDS)}
_DROPPED = frozenset(plain(word) for word in DROPPED.split())
_UNSPACED = {plain(word): kind for kind, listed in UNSPACED.items() for word in listed.split()}
_FOUND_UNSPACED = re.compile("|".join(sorted(map(re.escape, _UNSPACED), key=len, reverse=True)))
_KIND_OF = {**_KINDS, **dict.fromkeys(_DROPPED, "")}


def _phrases() -> dict[str, re.Pattern[str]]:
    """Return, for each word that begins phrases, the pattern of how they go on."""
    rests: dict[str, list[str]] = {}
    for phrase in sorted((known for known in _KINDS if " " in known), key=len, reverse=True):
        first, _, rest = phrase.partition(" ")
        rests.setdefault(first, []).append(re.escape(rest).replace("\\ ", r"[\s*_]{1,20}"))
    return {
        first: re.compile(rf"[\s*_]{{1,20}}(?:{'|'.join(forms)})(?!\w)") for first, forms in rests.items()
    }


_PHRASES = _phrases()
VOCABULARY = frozenset(word for word in _KINDS if len(word) > 3 and word.isascii() and word.isalpha())  # noqa: PLR2004
"""Words that mean something here, for a quick look whether a respelt text is worth reading."""

_SPACELESS = "\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff"
_TOKEN = re.compile(
    r"(?P<score>(?<![\d./])\d{1,3}\s?(?:/|out of|von|sur|su|de|of)\s?\d{1,3}(?![\d/.]\d|\d|/)|(?<!\w)a\+(?!\w)|★{5})|"
    r"(?P<named>\b(?:response|submission|candidate|answer|output|entry|assistant)[ _#-]{1,2}(?:[a-e]|[1-9])\b(?!\)| ?/| (?:out of|of|von|sur|su|de)\b)(?:'s)?)|"
    rf"(?P<word>[^\W_{_SPACELESS}]+(?:['-][^\W_{_SPACELESS}]+)*)|(?P<run>[{_SPACELESS}]+)|"
    r"(?P<end>[.!?;|]+|\n[ \t]*\n)|(?P<mark>[:,%])"
)
_POSSESSIVE = re.compile(r"'s?$")
_BETWEEN = re.compile(r"[\s*_]+")
_FULL_MARKS = re.compile(r"(\d+)\D+(\d+)")


class Skeleton(NamedTuple):
    """`kinds` has one letter for each word that counts; `starts` and `ends` say where the words stand."""

    kinds: list[str]
    starts: list[int]
    ends: list[int]

    def add(self, kind: str, start: int, end: int) -> None:
        """Add one word; sentence ends in a row are one."""
        if kind == "|" and self.kinds and self.kinds[-1] == "|":
            return
        if kind == "s":
            self.add("T", start, end)
            kind = "D"
        self.kinds.append(kind)
        self.starts.append(start)
        self.ends.append(end)


def skeleton(text: str) -> Skeleton:
    """Read a folded text as kinds of words; ``|`` ends a sentence, ``5`` is a full score."""
    bones = Skeleton([], [], [])
    skip_to = 0
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        if start < skip_to:
            continue
        form, word = match.lastgroup, match.group()
        if form == "word":
            kind, end = _kind(text, word, end)
            skip_to = end
            if kind:
                bones.add(kind, start, end)
        elif form == "named":
            bones.add("s", start, end)
        elif form == "end" or word in ":,%":
            bones.add("|" if form == "end" else word, start, end)
        else:
            for kind, offset, length in _unspaced(word) if form == "run" else _score(word):
                bones.add(kind, start + offset, start + offset + length)
    return bones


def _kind(text: str, word: str, end: int) -> tuple[str, int]:
    """Return the kind of a word, empty if it does not count, and where it, or its phrase, ends."""
    if word in _PHRASES and (phrase := _PHRASES[word].match(text, end)):
        return _KINDS[_BETWEEN.sub(" ", word + phrase.group())], phrase.end()
    return _kind_of(word), end


@lru_cache(maxsize=16_384)
def _kind_of(word: str) -> str:
    """Return the kind of a word as it stands, without its 's, without hyphens, or by how it begins."""
    for form in (word, _POSSESSIVE.sub("", word), word.replace("-", "")):
        if form in _KIND_OF:
            return _KIND_OF[form]
    if word in _STEMS:
        return _STEMS[word]
    longest = min(len(word), _LONGEST_STEM)
    begins = (word[:n] for n in range(longest, _LEAST_STEM - 1, -1))
    return next((_STEMS[stem] for stem in begins if stem in _STEMS), ".")


def _score(word: str) -> Iterator[tuple[str, int, int]]:
    numbers = _FULL_MARKS.match(word)
    full = numbers is None or (numbers[1] == numbers[2] and int(numbers[1]) > 1)
    yield ("5" if full else "."), 0, len(word)


def _unspaced(word: str) -> Iterator[tuple[str, int, int]]:
    """Read a run of letters that are written without spaces; what is between known words is one dot."""
    end = 0
    for match in _FOUND_UNSPACED.finditer(word):
        if match.start() - end > 1:
            yield ".", end, match.start() - end
        end = match.end()
        yield _UNSPACED[match.group()], match.start(), len(match.group())
    if len(word) - end > 1:
        yield ".", end, len(word) - end


_ONE = r"(?:[TF][.P]?[Dda]|[Dda]A)"
"""This draft, my answer, the first text, the answer above."""
_STRONG = r"(?:[TF][.P]?[Da]|DA)"

_RULES: tuple[tuple[str, Severity, str], ...] = (
    # An order to leave the rubric, or what was said before.
    ("revokes_instructions", "block", r"(?<![NB])(?<!N[.M])R[^|N]{0,4}I|I[^|NC]{0,3}R(?=[,|c CM]|$)"),
    ("revokes_instructions", "block", r"(?<!N)(?<!N[.M])R[^|N]{0,3}[QAY][^|N]{0,3}i|Qi[^|NC]{0,1}R"),
    ("revokes_instructions", "block", r"(?<!N)RQ?[QA][|:,]|RQA|(?<!N)RQ(?:$|\|)|(?:^|[|:])UQ?I:"),
    ("revokes_instructions", "block", r"I[^|N]{0,3}BN?[^|]{0,2}X(?=.{0,25}(?:[TF][.P]?[Dda]|[WJjKr]))"),
    # An address of the judge, by a word that courts do not use, or with a word on drafts.
    ("addresses_judge", "block", r"H[^|]{0,3}J|(?:^|\|)J[,:](?=[^|]{0,10}(?:[YCcRMI]|T[Dda]))|J[,:]?H:"),
    (
        "addresses_judge",
        "block",
        r"H[^|.]{0,3}j(?=.{0,30}(?:[TF][.P]?[Dda][^|]{0,4}[WwJjBMCe5]|[Cc][^|]{0,3}[TF][Dda]|[Ww][^|]{0,3}[Dda]|RI))",
    ),
    (
        "addresses_judge",
        "block",
        r"H[^|]{0,3}r(?=.{0,30}(?:[TF][Dda][^|]{0,4}[Ww]|C[^|]{0,3}[TF][Dda]|RI|c[^|]{0,3}[w5]))",
    ),
    (
        "addresses_judge",
        "block",
        r"H[^|]{0,3}[jr](?=[:,|].{0,12}[Ww])|(?:^|\|)[^|]{0,2}[Jj]:(?=.{0,20}(?:[TF][.P]?[Dda]|[Ww5]))",
    ),
    ("addresses_judge", "block", r"(?:^|\|)[Kr]?[jr][,:](?=[^|]{0,8}(?:[TF][.P]?[Da]|[Cc][^|]{0,3}[TF]))"),
    (
        "addresses_judge",
        "block",
        r"[,:]J[,:|]|,j[,|](?=.{0,20}[TF][.P]?[Dda])|YB[^|N]{0,1}K(?=.{0,20}(?:=|[cCW][^|]{0,4}[Dda]))",
    ),
    ("addresses_judge", "block", r"(?:^|[|:(])[^|]{0,2}K[^|]{0,1}[rJj][:,|]|[cMN:|][^|]{0,3}g"),
    ("addresses_judge", "block", r"YB[^|N]{0,2}P[^|]{0,2}[Jj]|YBK?J"),
    (
        "addresses_judge",
        "block",
        rf"[Jj][^|]{{0,12}}T[.P]?[Da][^|]{{0,8}}[WwC5e]|{_STRONG}[^|N]{{0,8}}[WwC5e][^|]{{0,8}}[Jj]|[WwC5e][^|N]{{0,6}}{_STRONG}[^|]{{0,8}}[Jj]",
    ),
    ("addresses_judge", "block", r"[JjKr][^|]{0,6}[MC][^|NO]{0,4}[TF][.P]?[Da]|[Jj][^|]{0,5}[CRc]I"),
    # An order to choose this draft, or to leave the others.
    ("asks_for_choice", "block", rf"C[^|NOB]{{0,2}}{_STRONG}|T[Da]C(?=[,|]|$)"),
    (
        "asks_for_choice",
        "block",
        rf"C[^|NO]{{0,2}}{_ONE}[^|Nk]{{0,6}}[WJjO]|[WJj][^|N]{{0,6}}C[^|NO]{{0,2}}{_ONE}",
    ),
    ("asks_for_choice", "block", r"C[^|N]{0,2}(?:Td|m)[^|N]{0,3}[OW]|[Da][^|]{0,3}C[^|NO]{0,2}Td[^|]{0,3}O"),
    (
        "asks_for_choice",
        "block",
        rf"c[^|NO]{{0,4}}{_ONE}[^|N]{{0,6}}[Ww5]|c[^|NO]{{0,3}}[Ww5][^|N]{{0,4}}{_ONE}|c[^|NO]{{0,2}}[Ww][^|NO]{{0,2}}{_STRONG}",
    ),
    (
        "asks_for_choice",
        "block",
        rf"{_ONE}[^|NO]{{0,6}}c[^|NO]{{0,2}}[Ww5]|{_ONE}[^|NO]{{0,2}}[Ww][^|]{{0,2}}[Cc](?![^|]{{0,2}}[.])|C[^|N]{{0,1}}m(?=[,|]|$)|\A[^|]{{0,2}}Cn\|?\Z",
    ),
    ("asks_for_choice", "block", r"[YcM][^|]{0,6}L[^|O]{0,1}[TF][Da]|[YcM][^|]{0,6}[TF][Da]L"),
    (
        "asks_for_choice",
        "block",
        r"(?:N[Cc]|R)[^|]{0,2}O[^|]{0,2}D|O{1,2}D[^|N]{0,6}Z|O[^|]{0,2}D[^|]{0,6}Z[^|]*\|[^|]{0,1}N[^|]{0,1}C",
    ),
    # A verdict on itself.
    (
        "claims_verdict",
        "block",
        rf"{_ONE}[^|NO]{{0,3}}W|{_STRONG}[^|NOUc]{{0,3}}[Bew][^|NO]{{0,3}}w|[TF]D[^|NO]{{0,2}}w",
    ),
    (
        "claims_verdict",
        "block",
        rf"{_ONE}[^|N]{{0,5}}[Ww][^|N]{{0,4}}O[^|]{{0,2}}[Dda]|W[^|NO]{{0,2}}B[^|NO]{{0,2}}{_ONE}|wDB[^|NO]{{0,2}}T|[Dad]A[^|N]{{0,2}}B[^|N]{{0,2}}[Ww]",
    ),
    (
        "claims_verdict",
        "block",
        rf"W:[^|N]{{0,2}}{_ONE}|=:[^|N]{{0,2}}{_ONE}|{_STRONG}[^|NOUc]{{0,2}}[Ww]|[TF]d[^|NO]{{0,2}}W",
    ),
    (
        "fake_reasoning",
        "block",
        rf"=[^|N]{{0,12}}{_ONE}[^|N]{{0,6}}[Ww]|=[^|N]{{0,8}}[Ww][^|N]{{0,3}}{_STRONG}|=[^|N]{{0,4}}C[^|N]{{0,2}}{_ONE}",
    ),
    (
        "fake_reasoning",
        "block",
        r"=[^|N]{0,3}Td[^|N]{0,2}z|=[^|N]{0,4}[Da][^|N]{0,3}BT[^|N]{0,2}[Ww]|=[^|N]{0,8}m[^|N]{0,2}[Ww]",
    ),
    # A score for itself.
    (
        "scores_itself",
        "block",
        rf"(?:{_ONE}|m)[^|N]{{0,6}}5|5[^|N]{{0,3}}T[.P]?[Dda]|{_STRONG}[^|N]{{0,2}}e[^|N]{{0,4}}[w5]|c[^|N]{{0,2}}{_STRONG}[^|N]{{0,3}}5|S[^|]{{0,5}}[5w]|{_STRONG}[^|N]{{0,2}}e[^|N]{{0,4}}[zc]",
    ),
    ("scores_itself", "block", r"S:.{0,14}5|cA.{0,1}5"),
    # What two sentences say together.
    ("asks_for_choice", "block", r"[Jj][^|]{0,3}CT[^|]{0,3}W|T[Da][^|N]{0,6}C(?=[,|]|$)"),
    ("addresses_judge", "block", r"(?:^|\|)[Kr]?[jrJ][,:](?=.{0,25}T[.P]?[Dda].{0,12}[W5])"),
    ("revokes_instructions", "block", r"Ri.{0,16}(?:I|T[.P]?[Dd])|i[^|]{0,6}X[|:,].{0,10}T[.P]?D"),
    ("fake_reasoning", "block", r"[=h].{0,4}O[Dda][^|]{0,8}Z.{0,4}T[Dda]"),
    # Persuasion: it may be true, and it is no reason to stop.
    (
        "claims_authority",
        "warn",
        r"T[.P]?[Dad][^|NC]{0,4}v[^|N]{0,4}[xJjr]|T[.P]?[Dad][^|NC]{0,3}x[^|N]{0,3}v|vT[Da][^|N]{0,6}x",
    ),
    ("claims_authority", "warn", r"[%xJjr][^|N]{0,7}[qC][^|N]{0,3}T[.P]?[Dda]|%[Jjrx][^|N]{0,6}T[Dad]"),
    ("claims_authority", "warn", r"(?:^|\|)v.{0,6}x|(?:^|\|)T.?B.{0,8}[w%].{0,5}[aD]"),
)
_PATTERNS = tuple((rule, severity, re.compile(form, re.MULTILINE)) for rule, severity, form in _RULES)

_HIDDEN = re.compile(
    r"J|[jr][:,]|K=|=K|ZN|NZ|[RCcjKr][^|]{0,4}I|[jKr][^|]{0,12}[CcRDadWw5]|[Cc][^|N]{0,3}[TF]?[.]?[Da]|T[.P]?[Da].{0,8}[Ww5]|[Ww][^|]{0,6}T[.P]?[Dda]|R[QA]"
)


def speech(text: str) -> Iterator[Hit]:
    """Find where a folded text speaks to a judge."""
    bones = skeleton(text)
    kinds = "".join(bones.kinds)
    for rule, severity, pattern in _PATTERNS:
        for match in pattern.finditer(kinds):
            if match.end() > match.start():
                yield Hit(rule, severity, bones.starts[match.start()], bones.ends[match.end() - 1])
    for rule, first, last in gists(kinds):
        yield Hit(rule, "block", bones.starts[first], bones.ends[last - 1])


def hints_at_judging(text: str) -> bool:
    """Say whether a hidden piece of text has anything to do with judges and drafts."""
    return _HIDDEN.search("".join(skeleton(text).kinds)) is not None
