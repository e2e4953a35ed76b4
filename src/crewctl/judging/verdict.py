"""The verdict: what was chosen, why, and everything from which that can be worked out again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from crewctl.judging.attempt import Attempt, Digest, DraftId, Notes
from crewctl.judging.drafts import Candidate
from crewctl.judging.outcomes import Consensus, Merged, MergeResult
from crewctl.judging.port import Frozen
from crewctl.judging.protocol import LookKind, Place
from crewctl.planning.plan import MarketDecision

InjectedDrafts = Literal["disqualify", "person", "warn"]
Reason = Literal[
    "tie",
    "cycle",
    "order_inconsistent",
    "low_vote_share",
    "low_confidence",
    "panel_split",
    "person_asked",
    "ballots_missing",
    "injection_flag",
    "void_passes",
    "must_criterion_failed",
    "single_eligible_draft",
]


Origin = Literal["verbatim", "merged", "consensus"]


class Score(Frozen):
    """What a pass gave one draft on one criterion, and the words it rests on."""

    draft: DraftId
    criterion: str
    score: Annotated[int, Field(ge=1, le=5)]
    evidence: Annotated[str, Field(max_length=300)]


class Pass(Frozen):
    """One look at some drafts in one order; `winner` is None exactly when the pass is void.

    In `rationale` each label is replaced by the id of the draft that wore it. A pass of kind
    ``human`` is a person's decision or ballot: `judge` is the person, `rationale` the reason given, and
    there is no prompt.
    """

    id: str
    judge: str
    kind: LookKind | Literal["human"] = "pairwise"
    order: Annotated[tuple[DraftId, ...], Field(min_length=1)]
    swap_of: str | None = None
    label_map_sha256: Digest | None = None
    prompt_sha256: Digest | None = None
    response_sha256: Digest | None = None
    attempts: Annotated[tuple[Attempt, ...], Field(max_length=2)] = ()
    status: Literal["counted", "void"]
    winner: DraftId | Literal["tie"] | None
    scores: tuple[Score, ...] = ()
    rationale: str = ""
    addressed_judge: tuple[DraftId, ...] = ()
    at: datetime | None = None


class ProtocolUsed(Frozen):
    """How the judging was held; `max_calls` counts one repair for every pass.

    `weak` marks a protocol that cannot tell a draft's merit from the place it was shown in.
    """

    name: str
    version: str
    seed: int
    max_calls: Annotated[int, Field(ge=0)]
    calls_used: Annotated[int, Field(ge=0)]
    weak: bool = False


class JudgedBy(Frozen):
    """Who judged; `prompt_sha256` is the digest of the fixed system text.

    `replaces` names the judge whose seat this one took because that one's model is of a contestant's
    family; `own_family` the contestants whose model is of this judge's own family.
    """

    id: str
    model: str
    family: str
    temperature: float | None
    simulated: bool
    prompt_sha256: Digest
    weight: Annotated[float, Field(gt=0)] = 1.0
    role: Literal["judge", "second_opinion"] = "judge"
    replaces: str | None = None
    own_family: tuple[str, ...] = ()


class PeopleAsked(Frozen):
    """People who choose in place of a model: one ``person``, or a ``vote`` of at least `ballots`."""

    kind: Literal["person", "vote"]
    ballots: Annotated[int, Field(ge=1)] = 1


class CriterionUsed(Frozen):
    """A criterion as the judge saw it."""

    id: str
    text: str
    weight: Annotated[float, Field(ge=0)]
    kind: Literal["must", "graded"]


class RubricUsed(Frozen):
    """The rubric, frozen before any draft was written."""

    name: str
    sha256: str
    criteria: Annotated[tuple[CriterionUsed, ...], Field(min_length=1)]


class Mean(Frozen):
    """A draft's mean score on one criterion over all counted passes."""

    draft: DraftId
    criterion: str
    mean: Annotated[float, Field(ge=1, le=5)]
    passes: Annotated[int, Field(ge=1)]


class LengthCheck(Frozen):
    """Whether length may have won: words of the best against words of the second."""

    winner_is_longest: bool
    log_ratio_to_runner_up: float | None


class Aggregate(Frozen):
    """The votes, folded. `table` has the drafts that may win, best first."""

    method: str
    table: tuple[Place, ...]
    margin: float
    swap_consistency: float | None
    panel_agreement: float | None = None
    vote_entropy: Annotated[float, Field(ge=0, le=1)]
    condorcet_winner: DraftId | None
    failed_must: dict[DraftId, tuple[str, ...]]
    void_passes: int
    length: LengthCheck


class Confidence(Frozen):
    """How sure the choice is, between 0 and 1; `method` names what `value` is and how it was reckoned."""

    value: Annotated[float, Field(ge=0, le=1)]
    band: Literal["high", "medium", "low"]
    method: str


class Comparison(Frozen):
    """Why one draft was not chosen."""

    rejected: DraftId
    decisive_criterion: str | None
    why: str
    passes: tuple[str, ...]


class Dissent(Frozen):
    """Passes that preferred another draft to the selected one."""

    judge: str
    preferred: DraftId | Literal["tie"]
    passes: tuple[str, ...]
    why: str


class Escalation(Frozen):
    """Whether a person has to decide, for which reasons, and who did."""

    required: bool
    reasons: tuple[Reason, ...] = ()
    status: Literal["none", "pending", "resolved"] = "none"
    decided_by: tuple[str, ...] = ()


class Integrity(Frozen):
    """The verdict's own digest, over its JSON without this part, and the digest of the one it follows."""

    verdict_sha256: Digest
    previous_sha256: Digest | None = None


class Choice(Frozen):
    """What follows from passes alone."""

    selected_draft: DraftId | None
    scores: tuple[Mean, ...]
    aggregate: Aggregate
    confidence: Confidence
    escalation: Escalation
    merge: MergeResult | None = None


def _nothing_selected_means_escalation(schema: dict[str, Any]) -> None:
    required = {"escalation": {"properties": {"required": {"const": True}}}}
    text = {"final_text": {"type": "string"}, "final_text_sha256": {"type": "string"}}
    no_text = {"final_text": {"type": "null"}, "final_text_sha256": {"type": "null"}}
    consensus = {"final_text_origin": {"const": "consensus"}}
    nothing = {"selected_draft": {"type": "null"}}
    told = {"reasons": {"minItems": 1}, "status": {"enum": ["pending", "resolved"]}}
    schema["allOf"] = [
        {
            "if": {"properties": required},
            "then": {"properties": {"escalation": {"properties": told}}},
        },
        {
            # A consensus is a text without a winner, and nobody has to choose.
            "if": {"required": ["final_text_origin"], "properties": consensus},
            "then": {
                "required": ["consensus"],
                "properties": {
                    **nothing,
                    **text,
                    "consensus": {"type": "object"},
                    "escalation": {"properties": {"required": {"const": False}}},
                },
            },
            "else": {
                "if": {"properties": nothing},
                "then": {"properties": {**required, **no_text}},
                "else": {"properties": text},
            },
        },
    ]


class Verdict(Frozen):
    """A market's verdict.

    `final_text` is the selected draft's own text, copied by the host; of a ``consensus`` it is what the
    host wrote from the judge's checked statements, and no draft is selected.
    """

    model_config = ConfigDict(json_schema_extra=_nothing_selected_means_escalation)

    schema_version: Literal["2"] = "2"
    selected_draft: DraftId | None
    reasoning: Annotated[str, Field(min_length=1)]
    final_text: str | None
    final_text_sha256: Digest | None
    final_text_origin: Origin = "verbatim"
    decision: MarketDecision = "select"
    run_id: str
    task_sha256: Digest
    protocol: ProtocolUsed
    candidates: Annotated[tuple[Candidate, ...], Field(min_length=1)]
    rubric: RubricUsed
    judges: tuple[JudgedBy, ...]
    people: PeopleAsked | None = None
    injected_drafts: InjectedDrafts = "person"
    injection_rules: str
    notes: tuple[Notes, ...] = ()
    passes: tuple[Pass, ...]
    scores: tuple[Mean, ...]
    aggregate: Aggregate
    confidence: Confidence
    comparisons: tuple[Comparison, ...]
    dissent: tuple[Dissent, ...]
    escalation: Escalation
    merge: Merged | None = None
    consensus: Consensus | None = None
    integrity: Integrity | None = None


def verdict_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) that every verdict's JSON satisfies."""
    schema = Verdict.model_json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "A market's verdict",
    }
