"""From checked stances to a consensus: who supports what is counted by the host, never by a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from crewctl.judging.figures import aggregate
from crewctl.judging.ground import Ground
from crewctl.judging.outcomes import Consensus, Stance, Standing, Statement
from crewctl.judging.people import chosen_by_people, confidence_of_people, escalation_of
from crewctl.judging.verdict import Choice, Confidence, Pass, Reason

STANDINGS: tuple[Standing, ...] = ("agreed", "most", "some", "disputed", "single")
"""In the order in which a consensus tells of them."""
_METHOD = "share of the statements that every draft supports"


def folded(heard: Iterable[tuple[str, tuple[Stance, ...]]]) -> tuple[Statement, ...]:
    """Count the support of every statement and sort them by it; equals stay as they were said."""
    statements = [_counted(text, stances) for text, stances in heard]
    return tuple(sorted(statements, key=lambda one: (STANDINGS.index(one.standing), -one.supports)))


def refolded_consensus(consensus: Consensus) -> Consensus:
    """Return the consensus with everything that follows from its stances reckoned anew."""
    heard = [(one.text, one.stances) for one in consensus.statements]
    return consensus.model_copy(update={"statements": folded(heard)})


def consensus_choice(passes: Sequence[Pass], ground: Ground) -> Choice:
    """Select no draft; without statements a person has to choose one, and may have."""
    found = ground.consensus
    statements = found.statements if found else ()
    reasons: tuple[Reason, ...] = ()
    if not statements:
        reasons = ("single_eligible_draft",) if found is None else ("void_passes",)
    selected = chosen_by_people(passes, None) if reasons else None
    void = int(found is not None and not statements)
    return Choice(
        selected_draft=selected,
        scores=(),
        aggregate=aggregate((), (), {}, ground).model_copy(update={"void_passes": void}),
        confidence=confidence_of_people(passes, selected) if selected else _confidence(statements),
        escalation=escalation_of(reasons, passes, selected),
    )


def _counted(text: str, stances: tuple[Stance, ...]) -> Statement:
    found = Counter(stance.stance for stance in stances)
    supports, contradicts = found["supports"], found["contradicts"]
    return Statement(
        text=text,
        standing=_standing(supports, contradicts, len(stances)),
        supports=supports,
        contradicts=contradicts,
        stances=stances,
    )


def _standing(supports: int, contradicts: int, drafts: int) -> Standing:
    if contradicts:
        return "disputed"
    if supports == drafts:
        return "agreed"
    if supports == 1:
        return "single"
    return "most" if 2 * supports > drafts else "some"


def _confidence(statements: Sequence[Statement]) -> Confidence:
    standings = {one.standing for one in statements}
    agreed = sum(one.standing == "agreed" for one in statements)
    share = round(agreed / len(statements), 6) if statements else 0.0
    if not statements or "disputed" in standings:
        return Confidence(value=share, band="low", method=_METHOD)
    return Confidence(value=share, band="high" if standings == {"agreed"} else "medium", method=_METHOD)
