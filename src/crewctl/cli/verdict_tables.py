"""The figures of a verdict as rows: scores, places, orders, flags, passes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crewctl.cli.verdict_reading import Judged, ShownDraft
from crewctl.judging.flags import Flag
from crewctl.judging.models_asked import stood_in
from crewctl.judging.protocol import TIE
from crewctl.judging.verdict import CriterionUsed, Pass

_PAIR = 2
_BEST = 5
_EXCERPT = 80


@dataclass(frozen=True)
class Quote:
    """Words of a draft that a score rests on."""

    draft: str
    criterion: str
    score: int
    words: str
    held: str


@dataclass(frozen=True)
class PairOrders:
    """What one judge said of one pair in both orders; None for an order in which it was not asked.

    `kind` is that of the passes. `outcomes` are in the order of `pair`: first shown first, then swapped.
    """

    pair: tuple[str, str]
    judge: str
    kind: str
    outcomes: tuple[str | None, str | None]

    @property
    def steady(self) -> bool | None:
        """Whether the order changed nothing; None unless both orders gave a winner or a tie."""
        first, second = self.outcomes
        if first in (None, "void") or second in (None, "void"):
            return None
        return first == second


@dataclass(frozen=True)
class FlagSeen:
    """A suspicious place of a draft: its rule and severity, where it is, and what stands there."""

    draft: str
    flag: Flag
    where: str
    words: str


def score_cell(judged: Judged, draft: str, criterion: CriterionUsed) -> str:
    """Return a draft's mean score on a criterion, or whether it meets one that must be met."""
    found = next(
        (one for one in judged.verdict.scores if (one.draft, one.criterion) == (draft, criterion.id)), None
    )
    if found is None:
        return "-"
    if criterion.kind == "graded":
        return f"{found.mean:.1f}"
    if criterion.id in judged.verdict.aggregate.failed_must.get(draft, ()):
        return "fails"
    return "met" if found.mean == _BEST else f"met {(found.mean - 1) / 4:.0%}"


def weight_cell(criterion: CriterionUsed) -> str:
    """Return a criterion's weight, or that it must be met."""
    return "must" if criterion.kind == "must" else f"{criterion.weight:g}"


def place_rows(judged: Judged) -> list[dict[str, str | None]]:
    """Return where each draft stands, best first; those out of the competition last."""
    places = {place.draft: place for place in judged.verdict.aggregate.table}
    level = [place.rank for place in places.values()]
    rows: list[dict[str, str | None]] = []
    for draft in judged.best_first:
        row: dict[str, str | None] = dict.fromkeys(("won", "lost", "tied", "share", "both", "p_best"))
        row |= {"draft": draft, "contestant": judged.contestant(draft)}
        place = places.get(draft)
        if place is None:
            merge = judged.verdict.merge
            rows.append(row | {"place": "merged" if merge and merge.candidate == draft else "out"})
            continue
        row["place"] = f"{'=' if level.count(place.rank) > 1 else ''}{place.rank}"
        if judged.looks:
            row |= {"won": str(place.wins), "lost": str(place.losses), "tied": str(place.ties)}
            row |= {"share": f"{place.share:.0%}", "both": str(place.swap_consistent_wins)}
        row["p_best"] = None if place.p_best is None else f"{place.p_best:.0%}"
        rows.append(row)
    return rows


def quotes_of(judged: Judged, draft: str) -> list[Quote]:
    """Return for each criterion the quote of the best score that the draft got on it."""
    found = []
    for criterion in judged.verdict.rubric.criteria:
        given = [
            Quote(draft, criterion.id, score.score, " ".join(score.evidence.split()), held.id)
            for held in judged.verdict.passes
            for score in held.scores
            if (score.draft, score.criterion) == (draft, criterion.id) and score.evidence.strip()
        ]
        if given:
            found.append(max(given, key=lambda quote: quote.score))
    return found


def evidence_of(judged: Judged, draft: str) -> list[str]:
    """Return all that was quoted from a draft, each quote once, in the order it was given."""
    said = [
        score.evidence
        for held in judged.verdict.passes
        for score in held.scores
        if score.draft == draft and score.evidence.strip()
    ]
    return list(dict.fromkeys(said))


def pair_orders(judged: Judged) -> list[PairOrders]:
    """Return every pair that judges were shown, judge by judge and kind by kind."""
    found: dict[tuple[str, str, frozenset[str]], list[Pass]] = {}
    for held in judged.looks:
        if len(held.order) == _PAIR:
            found.setdefault((held.judge, held.kind, frozenset(held.order)), []).append(held)
    rows = []
    for (judge, kind, _), passes in found.items():
        pair = (passes[0].order[0], passes[0].order[1])
        outcomes = {held.order: held.winner or "void" for held in passes}
        rows.append(PairOrders(pair, judge, kind, (outcomes.get(pair), outcomes.get(pair[::-1]))))
    return rows


def first_shown(judged: Judged) -> tuple[int, int]:
    """Return how often the draft shown first won, and how many passes over two drafts had a winner."""
    decided = [held for held in judged.looks if len(held.order) == _PAIR and held.winner not in (TIE, None)]
    return sum(held.winner == held.order[0] for held in decided), len(decided)


def flags_seen(draft: ShownDraft) -> list[FlagSeen]:
    """Return the suspicious places of a draft with the words that stand there."""
    seen = []
    for flag in draft.candidate.injection_flags:
        text = draft.text or ""
        before = text[: flag.offset]
        line, column = before.count("\n") + 1, flag.offset - (before.rfind("\n") + 1) + 1
        words = " ".join(text[flag.offset : flag.offset + flag.length].split())
        where = f"line {line}, column {column}" if flag.length else "in characters that nobody sees"
        short = words if len(words) <= _EXCERPT else f"{words[:_EXCERPT]}…"
        seen.append(FlagSeen(draft.candidate.id, flag, where, short))
    return seen


def said_to_address_judge(judged: Judged) -> dict[str, int]:
    """Return the drafts that judges said speak to them, with how many passes said so."""
    said = [draft for held in judged.looks for draft in held.addressed_judge]
    return {draft: said.count(draft) for draft in dict.fromkeys(said)}


def protocol_words(judged: Judged) -> str:
    """Say by which protocol, and how many of the planned calls it took."""
    used = judged.verdict.protocol
    if not judged.verdict.judges:
        return "no model was asked"
    return f"{used.name} ({used.version}), {used.calls_used} of at most {used.max_calls} calls"


def judge_words(judged: Judged) -> list[str]:
    """Say who judged, what each one's word counts, and whose place it took."""
    several = len(judged.verdict.judges) > 1
    words = []
    for judge in judged.verdict.judges:
        role = "second opinion" if judge.role == "second_opinion" else ""
        parts = [judge.model, role, f"weight {judge.weight:g}" if several else ""]
        parts.append(f"in place of {judge.replaces}, whose model is a contestant's" if judge.replaces else "")
        parts.append(_own_family(judged, judge.own_family))
        parts.append("simulated" if judge.simulated else "")
        words.append(f"{judge.id} ({', '.join(part for part in parts if part)})")
    return words


def fallback_words(judged: Judged) -> list[str]:
    """Say which models were asked in place of judges' own, for whom and for what."""
    return [
        f"{each.model.model} was asked in place of {each.who}'s own model for {', '.join(each.what)}"
        + (" (simulated)" if each.model.simulated else "")
        for each in stood_in(judged.verdict)
    ]


def fallbacks_of(held: Pass) -> list[str]:
    """Return the models that were asked for one pass in place of its judge's own."""
    asked = [attempt.fallback.model for attempt in held.attempts if attempt.fallback is not None]
    return list(dict.fromkeys(asked))


def _own_family(judged: Judged, contestants: Sequence[str]) -> str:
    if not contestants or judged.blind:
        return ""
    return f"model of the family of {', '.join(contestants)}"
