"""A text as a model may read it, however it is written: letters without disguise, each with its place.

Unicode's own compatibility forms cover full-width and styled letters; look-alikes of other scripts
have a table here, for the letters that are used to hide Latin words (Boucher 2021, arXiv:2106.09898).
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

_LATIN = {
    # Capitals first: a capital Greek nu looks like N, a small one like v.
    **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "abezhikmnoptyx", strict=True)),  # noqa: RUF001 - look-alikes are the point
    **dict(zip("αγεηικνορτυχ", "ayenikvoptux", strict=True)),
    **dict(zip("абвгеёзіјкмнорсѕтухьһԁԛԝӏ", "a6breezijkmhopcstyxbhdqwl", strict=True)),
    **dict(zip("ɑɡıȷℓʟɪɴʀꜱᴀʙᴄᴅᴇꜰɢʜᴊᴋᴍᴏᴘᴛᴜᴠᴡʏᴢ", "agijllinrsabcdefghjkmoptuvwyz", strict=True)),
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "’": "'",  # noqa: RUF001
    "‘": "'",  # noqa: RUF001
    "“": '"',
    "”": '"',
    "。": ".",
}
_LETTERED = ((0x1F150, 26), (0x1F170, 26), (0x1F1E6, 26))
_ODD = re.compile(r"&(?:#[0-9]{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8});|[^\x00-\x7f]+", re.IGNORECASE)


class Folded(NamedTuple):
    """`text` in small plain letters; `at[i]` is where its letter i came from, `at[-1]` the end."""

    text: str
    at: range | list[int]


def folded(shown: str) -> Folded:
    """Fold `shown`, keeping for every letter its place."""
    if not _ODD.search(shown):
        return Folded(shown.lower(), range(len(shown) + 1))
    parts: list[str] = []
    at: list[int] = []
    end = 0
    for odd in _ODD.finditer(shown):
        parts.append(shown[end : odd.start()].lower())
        at.extend(range(end, odd.start()))
        whole = odd.group()
        for n, each in enumerate((whole,) if whole.startswith("&") else whole, start=odd.start()):
            plain = _plain(each)
            parts.append(plain)
            at.extend([n] * len(plain))
        end = odd.end()
    parts.append(shown[end:].lower())
    at.extend(range(end, len(shown) + 1))
    return Folded("".join(parts), at)


@lru_cache(maxsize=4096)
def _plain(odd: str) -> str:
    """Return what one letter, or one HTML entity, stands for."""
    if odd.startswith("&") and len(odd) > 1:
        known = html.unescape(odd)
        return odd.lower() if known == odd else "".join(_plain(letter) for letter in known)
    for start, count in _LETTERED:
        if start <= ord(odd) < start + count:
            return chr(97 + ord(odd) - start)
    bare = [each for each in unicodedata.normalize("NFKD", odd) if not _unseen(each)]
    return "".join(_LATIN.get(each) or _LATIN.get(each.lower(), each.lower()) for each in bare)


def _unseen(letter: str) -> bool:
    return unicodedata.category(letter) in {"Mn", "Mc", "Me", "Cf"}
