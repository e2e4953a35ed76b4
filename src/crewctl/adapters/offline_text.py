"""Read prose for its sentences, names and points, and choose by digest instead of by chance."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")

_WORD = re.compile(r"[^\W_]+(?:[-'\u2019][^\W_]+)*")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'\u201d\u2019)]*\s+|\n+")
_CAPITALS = re.compile(
    r"[A-ZÀ-ÖØ-Þ][\w&'\u2019-]*(?:[ \t]+(?:(?:of|and|de|&)[ \t]+)?[A-ZÀ-ÖØ-Þ0-9][\w&'\u2019-]*)*"
)
_MARKS = re.compile(r"^[#>*\-\s\d.)]+|[*_`#]+")
_COMMON = frozenset(
    _WORD.findall(
        "a about above after all also an and any are as at be been before but by can could did do does each for "
        "from get give has have her here him his how if in into is it its just least like make may more most "
        "must no not of off on one only or other our out over own per shall she should so some such than that "
        "the their them then there these they this those three through to two under up use using very was we "
        "were what when where which while who whom why will with within without would you your"
    )
)
_OPENERS = frozenset(
    _WORD.findall(
        "according after analyse analyze answer ask assess based build check choose collect compare compile compose consider "
        "create decide define describe design develop draft evaluate examine explain explore find first gather "
        "generate give identify investigate list look make map note outline plan prepare produce propose provide "
        "read recommend report research return review rewrite say search select sketch state study suggest "
        "summarise summarize take tell then think translate understand using verify weigh when with work write"
    )
)


def words(text: str) -> list[str]:
    """Return the words of `text` in order."""
    return _WORD.findall(text)


def keywords(text: str) -> list[str]:
    """Return the telling words of `text`, lower-case, each once, in order."""
    found = (word.lower() for word in words(text))
    shortest = 3
    return list(dict.fromkeys(word for word in found if len(word) >= shortest and word not in _COMMON))


def sentences(text: str) -> list[str]:
    """Return the sentences of `text`, each on one line and as it stands there."""
    return [part.strip() for part in _SENTENCE_END.split(text) if part and words(part)]


def plain_sentences(text: str) -> list[str]:
    """Return whole sentences without headings, list marks, subject lines and JSON."""
    found = (_MARKS.sub("", part).strip() for part in sentences(text) if not part.startswith("#"))
    fewest = 5
    return [one for one in found if len(words(one)) >= fewest and one[-1] in ".!?" and one[0] not in "{[\"'"]


def names(text: str) -> list[str]:
    """Return what looks like a proper name, most frequent first, then in order."""
    found: list[str] = []
    for part in sentences(text):
        for match in _CAPITALS.finditer(part):
            name = _without_opener(match.group(), at_start=match.start() == 0)
            if name:
                found.append(name)
    order = list(dict.fromkeys(found))
    return sorted(order, key=lambda name: (-found.count(name), order.index(name)))


def points(text: str, most: int = 6) -> list[str]:
    """Return the short phrases of the first list in `text`: after a colon, else between commas."""
    for part in sentences(text):
        lists = [part.partition(":")[2]] if ":" in part else []
        for listing in [*lists, part]:
            found = _phrases(listing)
            if len(found) > 1 and (listing is not part or len(found) > 2):  # noqa: PLR2004 - a bare comma lists nothing
                return found[:most]
    return []


def _phrases(listing: str) -> list[str]:
    longest = 5
    pieces = (piece.strip(" .!?\"'*_`") for piece in re.split(r"[,;()]|\band\b|\bor\b", listing))
    return [one for one in dict.fromkeys(pieces) if 0 < len(one.split()) <= longest and _names_something(one)]


def _names_something(phrase: str) -> bool:
    first = phrase.split(maxsplit=1)[0].lower()
    begins_well = (
        first in {"the", "a", "an", "its", "their", "his", "her", "our", "your"} or first not in _COMMON
    )
    return begins_well and first not in _OPENERS and bool(keywords(phrase))


def headings(text: str) -> list[str]:
    """Return the Markdown headings below the first level."""
    return [match.group(1).strip() for match in re.finditer(r"^##+ (.+)$", text, re.MULTILINE)]


def word_limit(text: str) -> int | None:
    """Return the number of words that `text` asks for or allows, if it names one."""
    # "90 words were written; at most 50 are allowed" names two: the bound is the later one.
    found = re.findall(r"(\d{1,3}(?:,\d{3})+|\d{1,9})[ -]words?\b", text)
    return int(found[-1].replace(",", "")) if found else None


def listed(items: Sequence[str]) -> str:
    """Return ``a, b and c``."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def lower_first(text: str) -> str:
    """Return `text` with a small first letter, unless its first word is a name or an abbreviation."""
    first = text.split(" ", 1)[0]
    return text if first[1:] != first[1:].lower() or first == "I" else text[:1].lower() + text[1:]


def upper_first(text: str) -> str:
    """Return `text` with a capital first letter."""
    return text[:1].upper() + text[1:]


def digest(*parts: str) -> int:
    """Return a number that depends on the parts alone."""
    joined = "\0".join(parts).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(joined).digest()[:8], "big")


def ranked(items: Iterable[T], *seed: str) -> list[T]:
    """Return the items in an order chosen by the seed and each item's own text."""
    return sorted(items, key=lambda item: digest(*seed, str(item)))


def fitted(text: str, most: int) -> str:
    """Return `text` cut after the last sentence that keeps it within so many words."""
    if len(words(text)) <= most:
        return text
    kept = ""
    for match in re.finditer(r".+?(?:(?<=[.!?…])(?=\s)|\n+|$)\s*", text, re.DOTALL):
        if len(words(kept + match.group())) > most:
            break
        kept += match.group()
    return kept.strip() or " ".join(text.split()[:most])


def _without_opener(name: str, *, at_start: bool) -> str:
    first, _, rest = name.partition(" ")
    if first.lower() in _OPENERS or first.lower() in _COMMON:
        return _without_opener(rest, at_start=False) if rest else ""
    # One capital at a sentence's start says nothing: every sentence has one.
    return "" if at_start and not rest else name
