"""Put a verdict together from what was judged; fold it again, to check it or because a person spoke."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crewctl.judging.case import Case, Seat
from crewctl.judging.choice import choose_from
from crewctl.judging.drafts import Candidate, sha256
from crewctl.judging.ground import Ground, ground_of
from crewctl.judging.prompt import SYSTEM_SHA256
from crewctl.judging.protocols import WEAK
from crewctl.judging.reasons import compare, dissents, reasoning
from crewctl.judging.verdict import (
    Choice,
    CriterionUsed,
    Integrity,
    JudgedBy,
    Pass,
    ProtocolUsed,
    RubricUsed,
    Verdict,
)
from crewctl.planning.families import family_of
from crewctl.planning.judge_calls import most_looks

_FINAL_PAIR = 2


def write_verdict(
    case: Case, seed: int, candidates: tuple[Candidate, ...], passes: tuple[Pass, ...], ground: Ground
) -> Verdict:
    """Fold the passes and say why."""
    choice = choose_from(passes, ground)
    final = _final_text(case, candidates, choice.selected_draft)
    verdict = Verdict(
        **_told(choice, passes, candidates, case.criteria),
        final_text=final,
        final_text_sha256=None if final is None else sha256(final),
        run_id=case.run_id,
        task_sha256=sha256(f"{case.description}\0{case.expected_output}"),
        protocol=ProtocolUsed(
            name=ground.protocol.name,
            version=ground.protocol.version,
            seed=seed,
            max_calls=most_calls(case, len(ground.words)),
            calls_used=sum(len(held.attempts) for held in passes),
            weak=bool(case.judges) and ground.protocol.name in WEAK,
        ),
        candidates=candidates,
        rubric=RubricUsed(name=case.rubric.name, sha256=case.rubric.digest, criteria=case.criteria),
        judges=tuple(_judged_by(seat) for seat in case.seats),
        people=case.people,
        injected_drafts=case.injected_drafts,
        passes=passes,
    )
    return sealed(verdict)


def most_calls(case: Case, drafts: int) -> int:
    """Return the most judge calls a judging may make: every pass, and one repair for each."""
    second = len(case.seats) - len(case.judges)
    pair = _FINAL_PAIR if drafts >= _FINAL_PAIR else 0
    return 2 * (most_looks(case.protocol, drafts) * len(case.judges) + second * pair)


def with_decision(verdict: Verdict, decision: Pass, texts: dict[str, str]) -> Verdict:
    """Return the verdict with a person's pass added; `texts` has every contestant's raw draft."""
    passes = (*verdict.passes, decision)
    choice = choose_from(passes, ground_of(verdict))
    contestant = next(
        (each.contestant for each in verdict.candidates if each.id == choice.selected_draft), None
    )
    final = None if contestant is None else texts[contestant]
    told = _told(choice, passes, verdict.candidates, verdict.rubric.criteria)
    changed = told | {
        "passes": passes,
        "final_text": final,
        "final_text_sha256": None if final is None else sha256(final),
        "integrity": None,
    }
    previous = verdict.integrity.verdict_sha256 if verdict.integrity else None
    return sealed(Verdict(**(dict(verdict) | changed)), previous)


def refolded(verdict: Verdict) -> dict[str, Any]:
    """Return every part of the verdict that follows from its passes, reckoned anew from them."""
    choice = choose_from(verdict.passes, ground_of(verdict))
    return _told(choice, verdict.passes, verdict.candidates, verdict.rubric.criteria)


def sealed(verdict: Verdict, previous: str | None = None) -> Verdict:
    """Return the verdict with the digest of everything else in it."""
    return verdict.model_copy(
        update={"integrity": Integrity(verdict_sha256=digest_of(verdict), previous_sha256=previous)}
    )


def digest_of(verdict: Verdict) -> str:
    """Return the digest of the verdict's JSON without its `integrity`."""
    return sha256(verdict.model_dump_json(exclude={"integrity"}))


def _told(
    choice: Choice,
    passes: Sequence[Pass],
    candidates: Sequence[Candidate],
    criteria: tuple[CriterionUsed, ...],
) -> dict[str, Any]:
    names = {each.id: each.contestant for each in candidates}
    eligible = [each.id for each in candidates if each.status == "eligible"]
    comparisons = compare(choice, passes, criteria, eligible)
    return {
        "selected_draft": choice.selected_draft,
        "reasoning": reasoning(choice, passes, criteria, names, comparisons),
        "scores": choice.scores,
        "aggregate": choice.aggregate,
        "confidence": choice.confidence,
        "comparisons": comparisons,
        "dissent": dissents(choice, passes),
        "escalation": choice.escalation,
    }


def _final_text(case: Case, candidates: Sequence[Candidate], selected: str | None) -> str | None:
    if selected is None:
        return None
    contestant = next(each.contestant for each in candidates if each.id == selected)
    return next(draft.text for draft in case.drafts if draft.contestant == contestant)


def _judged_by(seat: Seat) -> JudgedBy:
    return JudgedBy(
        id=seat.persona.name,
        model=seat.model.model,
        family=family_of(seat.model.model),
        temperature=seat.model.temperature,
        simulated=seat.model.simulated,
        prompt_sha256=SYSTEM_SHA256,
        weight=seat.weight,
        role=seat.role,
        replaces=seat.replaces,
        own_family=seat.own_family,
    )
