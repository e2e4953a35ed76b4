"""Marks in a draft that it speaks to its judge: what carries a blocking one may not win unseen.

Swapping orders is no defence against such texts, and a judge they work on does not report them, so the
host looks for itself. The rules are narrow: a false flag costs a person's time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from crewctl.judging.flag import Flag, Hit
from crewctl.judging.flag_encoded import encoded, respelt
from crewctl.judging.flag_hidden import hidden, smuggled
from crewctl.judging.flag_noise import noise
from crewctl.judging.flag_respelt import codes, respellings
from crewctl.judging.flag_result import results
from crewctl.judging.flag_speech import speech
from crewctl.judging.flag_structure import structure
from crewctl.judging.folding import Folded, folded

__all__ = ["MOST_FLAGS", "MOST_READ", "RULES", "Flag", "flags_of"]

RULES = "1"
"""Counted up whenever a text can come to other flags than before: a verdict names the rules it was judged by."""

MOST_FLAGS = 20
"""Flags kept for one draft; what has more is no better understood by them."""

MOST_READ = 400_000
"""Characters of a draft that are read: some hundred thousand tokens, as many as most models take in."""
_END = MOST_READ // 2


def flags_of(raw: str, shown: str) -> tuple[Flag, ...]:
    """Return the suspicious places of a draft: first those that block, then in the order of the text.

    `raw` is the draft as it came, `shown` as the judge would see it. The time is linear in the length,
    and of a draft longer than `MOST_READ` only both ends are read: what lies between blocks unread.
    """
    last = max(len(shown) - _END, _END)
    hits = set(_found(shown if len(shown) <= MOST_READ else shown[:_END]))
    if len(shown) > MOST_READ:
        hits |= {hit._replace(start=hit.start + last, end=hit.end + last) for hit in _found(shown[last:])}
        hits.add(Hit("unread", "block", _END, last))
    if smuggled(raw):
        hits.add(Hit("hidden_text", "block", 0, 0))
    kept = sorted(hits, key=lambda hit: (hit.severity == "warn", hit.start, hit.end, hit.rule))[:MOST_FLAGS]
    return tuple(
        Flag(rule=hit.rule, severity=hit.severity, offset=hit.start, length=hit.end - hit.start)
        for hit in kept
    )


def _found(shown: str) -> Iterator[Hit]:
    fold = folded(shown)
    yield from (
        *_placed(
            fold,
            (
                *speech(fold.text),
                *structure(fold.text),
                *results(fold.text),
                *hidden(fold.text),
                *respelt(fold.text),
                *respellings(fold.text),
            ),
        ),
        *noise(shown),
        *encoded(shown),
        *codes(shown),
    )


def _placed(fold: Folded, hits: Iterable[Hit]) -> Iterable[Hit]:
    return (hit._replace(start=fold.at[hit.start], end=fold.at[hit.end]) for hit in hits)
