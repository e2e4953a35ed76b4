"""Marks in a draft that it speaks to its judge: what carries a blocking one may not win unseen.

Swapping orders is no defence against such texts, and a judge they work on does not report them, so the
host looks for itself. The rules are narrow: a false flag costs a person's time.
"""

from __future__ import annotations

from collections.abc import Iterable

from crewctl.judging.flag import Flag, Hit
from crewctl.judging.flag_encoded import encoded, respelt
from crewctl.judging.flag_hidden import hidden, smuggled
from crewctl.judging.flag_noise import noise
from crewctl.judging.flag_respelt import codes, respellings
from crewctl.judging.flag_result import results
from crewctl.judging.flag_speech import speech
from crewctl.judging.flag_structure import structure
from crewctl.judging.folding import Folded, folded

__all__ = ["MOST_FLAGS", "Flag", "flags_of"]

MOST_FLAGS = 20
"""Flags kept for one draft; what has more is no better understood by them."""


def flags_of(raw: str, shown: str) -> tuple[Flag, ...]:
    """Return the suspicious places of a draft: first those that block, then in the order of the text.

    `raw` is the draft as it came, `shown` as the judge would see it. The time is linear in the length.
    """
    fold = folded(shown)
    hits = {
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
    }
    if smuggled(raw):
        hits.add(Hit("hidden_text", "block", 0, 0))
    kept = sorted(hits, key=lambda hit: (hit.severity == "warn", hit.start, hit.end, hit.rule))[:MOST_FLAGS]
    return tuple(
        Flag(rule=hit.rule, severity=hit.severity, offset=hit.start, length=hit.end - hit.start)
        for hit in kept
    )


def _placed(fold: Folded, hits: Iterable[Hit]) -> Iterable[Hit]:
    return (hit._replace(start=fold.at[hit.start], end=fold.at[hit.end]) for hit in hits)
