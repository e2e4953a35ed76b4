"""Put a verdict together from what was judged; fold it again, to check it or because a person spoke."""

from __future__ import annotations

from typing import Any

from crewctl.judging.attempt import Notes
from crewctl.judging.case import Case, Seat
from crewctl.judging.choice import choose_from
from crewctl.judging.consensus_prompt import SYSTEM as CONSENSUS_SYSTEM
from crewctl.judging.drafts import Candidate, sha256
from crewctl.judging.flags import RULES
from crewctl.judging.ground import Ground, ground_of
from crewctl.judging.outcomes import Consensus, Merged
from crewctl.judging.port import Frozen
from crewctl.judging.prompt import SYSTEM_SHA256
from crewctl.judging.protocols import WEAK
from crewctl.judging.told import Grounds, final_text, told
from crewctl.judging.verdict import (
    Integrity,
    JudgedBy,
    Pass,
    ProtocolUsed,
    RubricUsed,
    Verdict,
)
from crewctl.planning.families import family_of
from crewctl.planning.judge_calls import most_calls as planned_calls


class Held(Frozen):
    """What came of asking: nothing where nobody was asked."""

    seed: int
    passes: tuple[Pass, ...] = ()
    notes: tuple[Notes, ...] = ()
    merge: Merged | None = None
    consensus: Consensus | None = None


def write_verdict(case: Case, candidates: tuple[Candidate, ...], held: Held, ground: Ground) -> Verdict:
    """Fold the passes and say why."""
    choice = choose_from(held.passes, ground)
    grounds = Grounds(
        passes=held.passes,
        candidates=candidates,
        criteria=case.criteria,
        merge=held.merge,
        consensus=held.consensus,
    )
    verdict = Verdict(
        **told(choice, grounds),
        **final_text(choice, grounds, {draft.contestant: draft.text for draft in case.drafts}),
        decision=case.decision,
        run_id=case.run_id,
        task_sha256=sha256(f"{case.description}\0{case.expected_output}"),
        protocol=ProtocolUsed(
            name=ground.protocol.name,
            version=ground.protocol.version,
            seed=held.seed,
            max_calls=most_calls(case, len(ground.words)),
            calls_used=calls_in(held),
            weak=bool(case.judges) and ground.protocol.name in WEAK,
        ),
        candidates=candidates,
        rubric=RubricUsed(name=case.rubric.name, sha256=case.rubric.digest, criteria=case.criteria),
        judges=tuple(_judged_by(seat, case) for seat in case.seats),
        people=case.people,
        injected_drafts=case.injected_drafts,
        injection_rules=RULES,
        notes=held.notes,
        passes=held.passes,
    )
    return sealed(verdict)


def calls_in(held: Held | Verdict) -> int:
    """Return the calls that were made, repairs included."""
    asked = (*held.passes, *held.notes, held.merge, held.consensus)
    return sum(len(each.attempts) for each in asked if each is not None)


def most_calls(case: Case, drafts: int) -> int:
    """Return the most judge calls a judging may make: all notes and passes, and one repair for each."""
    judges, second = len(case.judges), len(case.personas("second_opinion"))
    return 2 * planned_calls(case.protocol, drafts, judges=judges, second=second, decision=case.decision)


def with_decision(verdict: Verdict, decision: Pass, texts: dict[str, str]) -> Verdict:
    """Return the verdict with a person's pass added; `texts` has every contestant's raw draft."""
    grounds = _grounds(verdict).model_copy(update={"passes": (*verdict.passes, decision)})
    choice = choose_from(grounds.passes, ground_of(verdict))
    changed = {
        **told(choice, grounds),
        **final_text(choice, grounds, texts),
        "passes": grounds.passes,
        "integrity": None,
    }
    previous = verdict.integrity.verdict_sha256 if verdict.integrity else None
    return sealed(Verdict(**(dict(verdict) | changed)), previous)


def refolded(verdict: Verdict) -> dict[str, Any]:
    """Return every part of the verdict that follows from its passes, reckoned anew from them."""
    choice, grounds = choose_from(verdict.passes, ground_of(verdict)), _grounds(verdict)
    parts = told(choice, grounds)
    # Of a draft the verdict holds no text but the final one.
    return parts if parts["final_text_origin"] == "verbatim" else parts | final_text(choice, grounds, {})


def sealed(verdict: Verdict, previous: str | None = None) -> Verdict:
    """Return the verdict with the digest of everything else in it."""
    return verdict.model_copy(
        update={"integrity": Integrity(verdict_sha256=digest_of(verdict), previous_sha256=previous)}
    )


def digest_of(verdict: Verdict) -> str:
    """Return the digest of the verdict's JSON without its `integrity`."""
    return sha256(verdict.model_dump_json(exclude={"integrity"}))


def _grounds(verdict: Verdict) -> Grounds:
    return Grounds(
        passes=verdict.passes,
        candidates=verdict.candidates,
        criteria=verdict.rubric.criteria,
        merge=verdict.merge,
        consensus=verdict.consensus,
    )


def _judged_by(seat: Seat, case: Case) -> JudgedBy:
    return JudgedBy(
        id=seat.persona.name,
        model=seat.model.model,
        family=family_of(seat.model.model),
        temperature=seat.model.temperature,
        simulated=seat.model.simulated,
        prompt_sha256=sha256(CONSENSUS_SYSTEM) if case.decision == "consensus" else SYSTEM_SHA256,
        weight=seat.weight,
        role=seat.role,
        replaces=seat.replaces,
        own_family=seat.own_family,
    )
