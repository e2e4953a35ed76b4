"""What a verdict says of outcomes other than one draft: a merged text, and a consensus."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from crewctl.judging.attempt import Attempt, Digest, DraftId
from crewctl.judging.port import Frozen

MergeEnd = Literal[
    "beat_in_both_orders",
    "did_not_beat_in_both_orders",
    "speaks_to_the_judge",
    "fails_a_must",
    "not_written",
    "too_few_drafts",
]

Standing = Literal["agreed", "most", "some", "disputed", "single"]


class Taken(Frozen):
    """Words that a merged text goes back to, and the draft that holds them."""

    draft: DraftId
    quote: Annotated[str, Field(min_length=1, max_length=300)]


class Merged(Frozen):
    """What came of merging: an editor wrote one text from several drafts, and it had to beat the best of them.

    `candidate` is the merged text's place among the candidates, None when no text came to be; then
    `attempts` says why, or is empty where nobody was asked. `order` is how the drafts stood before the
    editor. `text` is the editor's own, as it came. `incumbent`, `won` and `why` follow from the passes.
    """

    candidate: DraftId | None
    incumbent: DraftId
    editor: str
    model: str
    simulated: bool
    order: Annotated[tuple[DraftId, ...], Field(min_length=1)]
    text: str | None = None
    taken: tuple[Taken, ...] = ()
    prompt_sha256: Digest | None = None
    response_sha256: Digest | None = None
    attempts: Annotated[tuple[Attempt, ...], Field(max_length=2)] = ()
    won: bool
    why: MergeEnd


class MergeResult(Frozen):
    """How a merged text fared against the best draft, by the passes alone."""

    incumbent: DraftId
    won: bool
    why: MergeEnd


class Stance(Frozen):
    """What one draft says to a statement, with its own words unless it is silent."""

    draft: DraftId
    stance: Literal["supports", "contradicts", "silent"]
    quote: Annotated[str, Field(max_length=300)] = ""


class Statement(Frozen):
    """One statement, and how many drafts support and contradict it.

    ``agreed`` is in every draft; ``most`` in more than half and denied by none; ``some`` in several
    and denied by none; ``single`` in one alone; ``disputed`` is denied by at least one.
    """

    text: Annotated[str, Field(min_length=1, max_length=1000)]
    standing: Standing
    supports: Annotated[int, Field(ge=1)]
    contradicts: Annotated[int, Field(ge=0)]
    stances: Annotated[tuple[Stance, ...], Field(min_length=2)]


class Consensus(Frozen):
    """What the drafts agree and disagree on. `statements` is empty when the judge's answers were void.

    One judge reads all drafts once, in `order`: every stance rests on a quote that the host found in
    the draft, and two lists of statements could be joined only by asking a model again.
    """

    judge: str
    order: Annotated[tuple[DraftId, ...], Field(min_length=2)]
    statements: tuple[Statement, ...] = ()
    label_map_sha256: Digest
    prompt_sha256: Digest
    response_sha256: Digest | None
    attempts: Annotated[tuple[Attempt, ...], Field(min_length=1, max_length=2)]
