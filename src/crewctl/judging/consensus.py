"""Draw up a consensus: one judge reads all drafts once, and the host checks and counts what it found."""

from __future__ import annotations

from collections.abc import Mapping

from crewctl.judging.case import Case
from crewctl.judging.consensus_fold import folded
from crewctl.judging.consensus_prompt import ask_for_consensus, read_consensus
from crewctl.judging.ground import Ground
from crewctl.judging.one_call import ask_once
from crewctl.judging.outcomes import Consensus
from crewctl.judging.port import JudgeModel
from crewctl.judging.prompt import Asked, Question

_PAIR = 2


def draw_up(
    case: Case, question: Question, shown: Mapping[str, str], ground: Ground, model: JudgeModel
) -> Consensus | None:
    """Return what the drafts agree and disagree on; None where fewer than two may be compared.

    Without statements the judge's answers were void. A draft that speaks to the judge is left out.
    """
    kept = {draft: text for draft, text in shown.items() if draft not in ground.suspects}
    if len(kept) < _PAIR:
        return None
    persona = case.personas("judge")[0]

    def write(again: str, repair: str) -> Asked:
        return ask_for_consensus(question, persona, list(kept), kept, again, repair)

    answered = ask_once(model, write, lambda text, asked: read_consensus(text, asked, kept))
    return Consensus(
        judge=persona.name,
        order=tuple(kept),
        statements=folded(answered.found or ()),
        label_map_sha256=answered.asked.label_map_sha256,
        prompt_sha256=answered.asked.sha256,
        response_sha256=answered.response_sha256,
        attempts=answered.attempts,
    )
