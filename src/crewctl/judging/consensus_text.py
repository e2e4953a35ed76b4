"""A consensus as a text: the host writes it from checked statements, so that it holds nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crewctl.judging.answers import flat
from crewctl.judging.consensus_fold import STANDINGS
from crewctl.judging.outcomes import Consensus, Stance, Standing, Statement

_TITLES: Mapping[Standing, str] = {
    "agreed": "In every draft",
    "most": "In most drafts",
    "some": "In some drafts",
    "disputed": "Disputed",
    "single": "In one draft alone",
}
_NUMBERED: Mapping[Standing, str] = {
    "agreed": "in every draft",
    "most": "in most drafts",
    "some": "in some drafts",
    "disputed": "disputed",
    "single": "in one draft alone",
}


def consensus_text(consensus: Consensus, left_out: Sequence[str]) -> str:
    """Return the consensus in Markdown; `left_out` are drafts that speak to the judge."""
    drafts = len(consensus.order)
    parts = [f"# What {drafts} drafts agree and disagree on", tally(consensus)]
    number = 0
    for standing in STANDINGS:
        found = [one for one in consensus.statements if one.standing == standing]
        if found:
            parts.append(f"## {_TITLES[standing]}")
        for one in found:
            number += 1
            parts.append(_statement(number, one, drafts))
    parts.append("Statements are in the judge's words; every quote is copied from the draft that it is from.")
    if left_out:
        parts.append(f"Left out, because it speaks to the judge: {', '.join(left_out)}.")
    return "\n\n".join(parts) + "\n"


def tally(consensus: Consensus) -> str:
    """Say how many statements there are of each standing."""
    statements = consensus.statements
    counts = [
        f"{sum(one.standing == standing for one in statements)} {_NUMBERED[standing]}"
        for standing in STANDINGS
        if any(one.standing == standing for one in statements)
    ]
    many = "1 statement" if len(statements) == 1 else f"{len(statements)} statements"
    return f"{many}: {', '.join(counts)}."


def _statement(number: int, one: Statement, drafts: int) -> str:
    support = f"{one.supports} of {drafts} drafts"
    if one.contradicts:
        support += f", and {one.contradicts} against"
    lines = [f"{number}. {one.text} ({support})"]
    for stance in ("supports", "contradicts"):
        lines += [
            _quoted(each, disputed=bool(one.contradicts)) for each in one.stances if each.stance == stance
        ]
    silent = [each.draft for each in one.stances if each.stance == "silent"]
    if silent:
        lines.append(f"   - silent: {', '.join(silent)}")
    return "\n".join(lines)


def _quoted(stance: Stance, *, disputed: bool) -> str:
    side = {"supports": "for, ", "contradicts": "against, "}[stance.stance] if disputed else ""
    return f"   - {side}{stance.draft}: “{flat(stance.quote)}”"
