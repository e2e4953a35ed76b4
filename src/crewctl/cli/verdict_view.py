"""A verdict on a screen: what was chosen, by which scores, for which reasons, and who disagreed."""

from __future__ import annotations

from collections.abc import Sequence

from crewctl.cli.amounts import moment
from crewctl.cli.folding import terminal_width
from crewctl.cli.other_outcomes_view import show_consensus, show_merge
from crewctl.cli.output import GAP, emit_rows, heading, pairs, say
from crewctl.cli.verdict_reading import Judged
from crewctl.cli.verdict_tables import (
    fallback_words,
    first_shown,
    flags_seen,
    judge_words,
    pair_orders,
    place_rows,
    protocol_words,
    quotes_of,
    said_to_address_judge,
    score_cell,
    weight_cell,
)
from crewctl.judging.protocol import TIE

_PLACES = ("draft", "contestant", "place", "won", "lost", "tied", "share", "both")
_PAIR = 2
_ORDERS = ("pair", "judge", "as_shown", "swapped", "order_changed_it")


def show_verdict(judged: Judged) -> None:
    """Print everything that the verdict says."""
    heading(f"Verdict: {judged.headline()}")
    _facts(judged)
    _decision(judged)
    for line in judged.why():
        say(line, indent=2)
    show_merge(judged)
    show_consensus(judged)
    for show in (_scores, _standing, _why, _why_not, _orders, _dissent, _marks, _notes):
        show(judged)


def _notes(judged: Judged) -> None:
    for notes in judged.verdict.notes:
        heading(f"What a good answer must contain, as {notes.judge} noted before any draft was shown")
        say(notes.text or "The notes could not be read.", indent=2)


def _facts(judged: Judged) -> None:
    verdict = judged.verdict
    sure = verdict.confidence
    agreed = verdict.aggregate.panel_agreement
    weak = "this protocol is weak: it cannot tell a draft's merit from the place it was shown in"
    pairs(
        [
            ("confidence", _confidence(judged) if judged.looks or judged.decisions else None),
            ("as", sure.method if judged.looks or judged.decisions else None),
            ("protocol", protocol_words(judged)),
            ("beware", weak if verdict.protocol.weak else None),
            *((("judges" if n == 0 else ""), words) for n, words in enumerate(judge_words(judged))),
            *((("fallbacks" if n == 0 else ""), words) for n, words in enumerate(fallback_words(judged))),
            ("agreement", None if agreed is None else f"{agreed:.0%} of the judges put the best draft first"),
            ("rubric", f"{verdict.rubric.name}, {verdict.rubric.sha256[:12]}"),
        ],
        indent=2,
    )
    if judged.blind:
        say(f"Contestants, in alphabetical order: {', '.join(judged.writers)}", indent=2)
        say("Who wrote which draft is told once the choice is made.", indent=2)


def _confidence(judged: Judged) -> str:
    sure = judged.verdict.confidence
    return f"{sure.value:.2f}, {sure.band}"


def _decision(judged: Judged) -> None:
    for why in judged.reasons():
        say(f"{'A person has to decide' if judged.pending else 'A person had to decide'}: {why}.", indent=2)
    for held in judged.decisions:
        when = f" on {moment(held.at)}" if held.at else ""
        # Whoever has still to choose must not be led by what others chose.
        what = "has voted" if judged.blind else f"decided for {judged.name(held.winner or '')}"
        say(f"{held.judge} {what}{when}" + ("" if judged.blind else f": {held.rationale}"), indent=2)
    if judged.pending and judged.next_command:
        say(f"Decide with: {judged.next_command}", indent=2)
        say(f"DRAFT is {' or '.join(judged.eligible)}.", indent=2)
    elif judged.pending:
        say("This was a rehearsal, and of those nothing is decided.", indent=2)


def _scores(judged: Judged) -> None:
    if not judged.verdict.scores:
        return
    heading("Scores: the mean of all passes, from 1 to 5" + _marked(judged))
    criteria = judged.verdict.rubric.criteria
    first = max([len("criterion"), *(len(one.id) for one in criteria)]) + len(GAP) + len("weight")
    for drafts in _portions(judged.best_first, first):
        columns = {
            draft: f"{draft}*" if draft == judged.verdict.selected_draft else draft for draft in drafts
        }
        rows = [
            {"criterion": one.id, "weight": weight_cell(one)}
            | {column: score_cell(judged, draft, one) for draft, column in columns.items()}
            for one in criteria
        ]
        emit_rows(rows, ("criterion", "weight", *columns.values()), "table")


def _marked(judged: Judged) -> str:
    return f" (* {judged.verdict.selected_draft} was chosen)" if judged.verdict.selected_draft else ""


def _portions(drafts: Sequence[str], taken: int) -> list[Sequence[str]]:
    """Return the drafts in portions whose columns fit beside what is `taken` already."""
    room = terminal_width()
    if room is None:
        return [drafts]
    most = max(1, (room - taken) // (len(GAP) + len("met 75%")))
    return [drafts[start : start + most] for start in range(0, len(drafts), most)]


def _standing(judged: Judged) -> None:
    if judged.looks:
        heading("Places")
        rows = place_rows(judged)
        if any(row.get("p_best") for row in rows):
            emit_rows(rows, (*_PLACES, "p_best"), "table")
        else:
            emit_rows(rows, _PLACES, "table")
        say("Both: rivals that the draft beat in both orders.", indent=2)
    for each in judged.drafts:
        if each.candidate.status != "eligible":
            error = f": {each.candidate.error}" if each.candidate.error and not judged.blind else ""
            say(f"{judged.name(each.candidate.id)} did not compete: it {each.said}{error}.", indent=2)
    for draft, musts in judged.verdict.aggregate.failed_must.items():
        say(f"{judged.name(draft)} fails {', '.join(musts)}, which must be met.", indent=2)


def _why(judged: Judged) -> None:
    chosen = judged.verdict.selected_draft
    drafts = [chosen] if chosen else [place.draft for place in judged.verdict.aggregate.table[:2]]
    for draft in drafts:
        quotes = quotes_of(judged, draft)
        if quotes:
            heading(f"What the scores of {judged.name(draft)} rest on")
        for quote in quotes:
            say(f"{quote.criterion}, {quote.score} in {quote.held}: “{quote.words}”", indent=2)


def _why_not(judged: Judged) -> None:
    if judged.verdict.comparisons:
        heading("Why not the others")
    for one in judged.verdict.comparisons:
        second = ", the runner-up" if one.rejected == judged.runner_up else ""
        say(f"{judged.name(one.rejected)}{second}: {one.why}", indent=2)


def _orders(judged: Judged) -> None:
    if not judged.looks:
        return
    heading("Order effects")
    _pairs(judged)
    for held in judged.looks:
        if held.status == "void":
            why = "; ".join(dict.fromkeys(attempt.error or attempt.outcome for attempt in held.attempts))
            tries = f" after {len(held.attempts)} attempts" if len(held.attempts) > 1 else ""
            say(f"Pass {held.id} is void{tries}: {why}.", indent=2)
        elif len(held.order) != _PAIR:
            said = "a tie" if held.winner == TIE else f"{held.winner} won"
            say(f"{held.judge}, shown {', '.join(held.order)}: {said}", indent=2)


def _pairs(judged: Judged) -> None:
    orders = pair_orders(judged)
    if not orders:
        return
    several = len({row.judge for row in orders}) > 1
    rows = [
        {
            "pair": f"{' '.join(row.pair)}{_of_kind(row.kind)}",
            "judge": row.judge,
            "as_shown": row.outcomes[0],
            "swapped": row.outcomes[1],
            "order_changed_it": None if row.steady is None else not row.steady,
        }
        for row in orders
    ]
    emit_rows(rows, _ORDERS if several else (_ORDERS[0], *_ORDERS[2:]), "table")
    steady = judged.verdict.aggregate.swap_consistency
    first, decided = first_shown(judged)
    if steady is not None:
        say(f"Both orders agree in {steady:.0%} of the pairs that were shown in both.", indent=2)
    if decided:
        passes = "pass" if decided == 1 else "passes"
        say(f"The draft shown first won {first} of {decided} {passes} that had a winner.", indent=2)


def _of_kind(kind: str) -> str:
    return "" if kind == "pairwise" else f" ({kind.replace('_', ' ')})"


def _dissent(judged: Judged) -> None:
    if judged.verdict.dissent:
        heading("Dissent")
    for one in judged.verdict.dissent:
        what = "saw a tie" if one.preferred == TIE else f"preferred {judged.name(one.preferred)}"
        say(f"{one.judge} {what} in {', '.join(one.passes)}: {one.why}", indent=2)


def _marks(judged: Judged) -> None:
    seen = [flag for draft in judged.drafts for flag in flags_seen(draft)]
    said = said_to_address_judge(judged)
    if seen or said:
        heading("Texts that speak to the judge")
    for each in seen:
        words = f": “{each.words}”" if each.words else ""
        effect = "blocks" if each.flag.severity == "block" else "is noted"
        say(f"{judged.name(each.draft)}, {each.where}: {each.flag.rule} {effect}{words}", indent=2)
    for draft, times in said.items():
        say(f"{judged.name(draft)}: the judges say so in {times} of their passes", indent=2)
