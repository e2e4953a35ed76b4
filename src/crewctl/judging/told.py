"""The parts of a verdict that follow from a choice: its reasons, its comparisons, and its final text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crewctl.judging.consensus_fold import refolded_consensus
from crewctl.judging.consensus_text import consensus_text, tally
from crewctl.judging.drafts import Candidate, sha256
from crewctl.judging.merge_reasons import merge_comparison, merge_reason
from crewctl.judging.outcomes import Consensus, Merged
from crewctl.judging.port import Frozen
from crewctl.judging.reasons import compare, dissents, reasoning
from crewctl.judging.verdict import Choice, CriterionUsed, Origin, Pass


class Grounds(Frozen):
    """What the telling of a choice rests on, besides the choice."""

    passes: tuple[Pass, ...]
    candidates: tuple[Candidate, ...]
    criteria: tuple[CriterionUsed, ...]
    merge: Merged | None = None
    consensus: Consensus | None = None

    @property
    def names(self) -> dict[str, str]:
        """Who wrote which candidate."""
        return {each.id: each.contestant for each in self.candidates}

    @property
    def eligible(self) -> list[str]:
        """The contestants' drafts that competed."""
        return [each.id for each in self.candidates if (each.status, each.origin) == ("eligible", "draft")]

    @property
    def left_out(self) -> list[str]:
        """The drafts that were kept out of a consensus because they speak to the judge."""
        kept = self.consensus.order if self.consensus else ()
        told = [each for each in self.candidates if each.status in ("eligible", "disqualified")]
        return [each.id for each in told if each.id not in kept]


def told(choice: Choice, grounds: Grounds) -> dict[str, Any]:
    """Return every field of a verdict that follows from the choice."""
    among = _among_drafts(choice)
    comparisons = compare(among, grounds.passes, grounds.criteria, grounds.eligible)
    said = reasoning(among, grounds.passes, grounds.criteria, grounds.names, comparisons)
    merge = _merge_of(choice, grounds.merge)
    if merge is not None:
        line = merge_reason(merge, grounds.names)
        if merge.won:
            first = merge_comparison(merge, grounds.passes, grounds.criteria)
            comparisons = (first, *comparisons)
            why_not = f"Why not {first.rejected} by {grounds.names[first.rejected]}: {first.why}"
            said = f"{line}\n{why_not}\nAmong the drafts {said}"
        else:
            said = f"{said}\n{line}"
    consensus = None if grounds.consensus is None else refolded_consensus(grounds.consensus)
    if consensus is not None and not choice.escalation.required:
        said = _agreement(consensus, grounds.names)
    return {
        "selected_draft": choice.selected_draft,
        "reasoning": said,
        "scores": choice.scores,
        "aggregate": choice.aggregate,
        "confidence": choice.confidence,
        "comparisons": comparisons,
        "dissent": dissents(choice, grounds.passes),
        "escalation": choice.escalation,
        "merge": merge,
        "consensus": consensus,
        "final_text_origin": _origin(choice, merge, consensus),
    }


def final_text(choice: Choice, grounds: Grounds, texts: Mapping[str, str | None]) -> dict[str, Any]:
    """Return the final text and its digest; `texts` has every contestant's raw draft."""
    text = _text(choice, grounds, texts)
    return {"final_text": text, "final_text_sha256": None if text is None else sha256(text)}


def _text(choice: Choice, grounds: Grounds, texts: Mapping[str, str | None]) -> str | None:
    origin = _origin(choice, grounds.merge, grounds.consensus)
    if origin == "consensus" and grounds.consensus is not None:
        return consensus_text(refolded_consensus(grounds.consensus), grounds.left_out)
    if origin == "merged" and grounds.merge is not None:
        return grounds.merge.text
    return None if choice.selected_draft is None else texts[grounds.names[choice.selected_draft]]


def _origin(choice: Choice, merge: Merged | None, consensus: Consensus | None) -> Origin:
    if consensus is not None and not choice.escalation.required:
        return "consensus"
    merged = (
        merge is not None and choice.selected_draft is not None and choice.selected_draft == merge.candidate
    )
    return "merged" if merged else "verbatim"


def _among_drafts(choice: Choice) -> Choice:
    """Return the choice as it was between the contestants' drafts."""
    if choice.merge is None:
        return choice
    return choice.model_copy(update={"selected_draft": choice.merge.incumbent})


def _merge_of(choice: Choice, merge: Merged | None) -> Merged | None:
    """Return the record of a merge with what follows from the passes; None where no draft was chosen."""
    if merge is None or choice.selected_draft is None or choice.escalation.required:
        return None
    if choice.merge is not None:
        return merge.model_copy(update=choice.merge.model_dump())
    why = "not_written" if merge.attempts else "too_few_drafts"
    return merge.model_copy(update={"incumbent": choice.selected_draft, "won": False, "why": why})


def _agreement(consensus: Consensus, names: Mapping[str, str]) -> str:
    drafts: Sequence[str] = [f"{draft} by {names[draft]}" for draft in consensus.order]
    said = [f"{consensus.judge} compared {', '.join(drafts[:-1])} and {drafts[-1]}.", tally(consensus)]
    said += [
        f"Disputed: {one.text} ({one.supports} for, {one.contradicts} against)"
        for one in consensus.statements
        if one.standing == "disputed"
    ]
    return "\n".join(said)
