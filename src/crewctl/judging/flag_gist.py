"""Rules for what a sentence says as a whole: words that meet in it, in whatever order and distance.

They catch what the patterns of `flag_speech` miss: other word orders, other languages, long windings.
A gist is a set of things that must all be in one sentence, as letters of `flag_words`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_DRAFT = r"(?:[TF][.P]?[Da]|[Da]A|A[Da]|D[,.]?T)"
_THIS = r"(?:T[.P]?[Dda]|F[.P]?[Da]|[Dda]A|A[Dda]|D[,.]?T|m)"
_JUDGE = r"[JjKr]"
_GISTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    # A judge meets this draft and a judgement.
    ("addresses_judge", (r"T[.P]?[Da]|[Da]A", r"J")),
    ("addresses_judge", (_DRAFT, _JUDGE, r"[WC5eM]|c.*[w5]|w.*z|=|q.*w|[cC].{0,4}F")),
    ("addresses_judge", (_THIS, r"[JK]", r"[WC5]|[cM].*w|w.*z|[cC].{0,4}F")),
    ("addresses_judge", (r"K.?J", r"M")),
    ("addresses_judge", (r"^.{0,2}H.{0,2}[KJ]", rf"{_THIS}|[WC]")),
    ("addresses_judge", (r"^.{0,3}[JjrK][,:]", r"[W5]|w.{0,2}z|w.*M|[Cc].{0,2}[nm]")),
    ("addresses_judge", (r"K", r"M", r"w.?z|[RI].*c")),
    ("addresses_judge", (r"h.?T[.P]?[Dda]", r"[W5C]|w")),
    ("addresses_judge", (r"Y=.*[:BC]", _THIS)),
    ("addresses_judge", (r"Y=", _DRAFT, r"=B")),
    # What it goes by is changed.
    ("revokes_instructions", (r"XI|R.*I", rf"{_THIS}|[WC]")),
    ("revokes_instructions", (r"[RX]", r"[Ii]", r"D", r"[WC]")),
    ("revokes_instructions", (r"[Ii]", r"D", r"C.{0,2}(?:T[.P]?[Dda]|m)")),
    ("revokes_instructions", (r"y", r"[ZRMCc]")),
    ("revokes_instructions", (r"I.*X", _THIS)),
    ("revokes_instructions", (r"l", r"O.?[Dda]|[Dd]")),
    ("addresses_judge", (r"^.{0,2}H.?[rJj]", r"N.*Z|g", _THIS)),
    ("changes_role", (r"^.{0,3}G", rf"{_THIS}|W")),
    ("revokes_instructions", (r"R.*f", r"[hJj=IDT]")),
    ("revokes_instructions", (r"TiX|X.{0,2}=.?i",)),
    ("changes_role", (r"G", r"N.?[Jj]")),
    ("changes_role", (r"u", r"[JjKr]")),
    ("changes_role", (r"Yv.?T[.P]?[Dda]",)),
    # A choice is asked for.
    ("asks_for_choice", (r"p", _THIS, r"[CWc5]")),
    ("asks_for_choice", (r"p", r"C", r"O")),
    ("asks_for_choice", (r"c[^N]*T[.P]?[Dda][^N]*O|[Cc].?O[^N]*(?:m|T[.P]?[Dda])", r"[WCAZ]|\.")),
    ("asks_for_choice", (r"p.*p", r"[JjC]")),
    ("asks_for_choice", (r"[cM]", r"L", _THIS)),
    ("asks_for_choice", (r"Y.{0,2}[wC].?TD|[aLC=]B.{0,2}(?:TD|[Dda]A)|LB:?w",)),
    # A judgement is passed on it.
    ("claims_verdict", (_DRAFT, r"O[Dda.]?", r"[WZ]|Bw|w.*O|O.?w")),
    ("claims_verdict", (_THIS, r"O[Dda.]?", r"W|=.*[wZF]")),
    ("claims_verdict", (_DRAFT, r"I", r"[QWw5%]")),
    ("claims_verdict", (_THIS, r"I", r"v", r"Q|[Ww5]")),
    ("fake_reasoning", (r"=", r"[aD]", r"Z", r"W")),
    ("fake_reasoning", (r"=.*=", r"[WwZ]", _THIS)),
)
_FORMS = tuple((rule, tuple(re.compile(form) for form in forms)) for rule, forms in _GISTS)
_SENTENCE = re.compile(r"[^|]{1,120}")


def gists(kinds: str) -> Iterator[tuple[str, int, int]]:
    """Find sentences that a rule fits; return the rule, and where the sentence begins and ends."""
    for sentence in _SENTENCE.finditer(kinds):
        said = sentence.group()
        for rule, forms in _FORMS:
            if all(form.search(said) for form in forms):
                yield rule, sentence.start(), sentence.end()
                break
