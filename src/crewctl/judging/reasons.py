"""The verdict in words, put together from the passes: what decided, on which quotes, and why not another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from crewctl.judging.choice import pairs_of
from crewctl.judging.marks import decisive_criterion, mean_of
from crewctl.judging.people import people_said, rejected_by_people
from crewctl.judging.protocol import TIE
from crewctl.judging.verdict import Choice, Comparison, CriterionUsed, Dissent, Pass, Reason

WHY_NOT: Mapping[Reason, str] = {
    "tie": "the best drafts are level",
    "cycle": "the best drafts beat one another in a circle",
    "order_inconsistent": "the best draft did not beat the runner-up in both orders",
    "low_vote_share": "the best draft won too few of its passes",
    "low_confidence": "people would disagree with the choice more often than not",
    "panel_split": "no more than half of the judges put the best draft first",
    "person_asked": "the crew asks for a person's choice",
    "ballots_missing": "the crew asks for a vote by people",
    "injection_flag": "the best draft speaks to the judge",
    "void_passes": "too many of the judges' answers could not be read",
    "must_criterion_failed": "every draft fails a criterion that must be met",
    "single_eligible_draft": "there are no two different drafts to compare",
}
"""Why no draft was chosen without a person, in words."""
_EXCERPT = 160


def reasoning(
    choice: Choice,
    passes: Sequence[Pass],
    criteria: Sequence[CriterionUsed],
    names: Mapping[str, str],
    comparisons: Sequence[Comparison],
) -> str:
    """Say why a draft was chosen, or why none was; `names` maps ids to contestants."""
    if choice.selected_draft is None:
        return _undecided(choice, passes, names)
    selected = choice.selected_draft
    if choice.escalation.status == "resolved":
        return "\n".join((*people_said(selected, passes, names), _why_people(choice)))
    said = [_headline(selected, choice, names)]
    rivals = [place.draft for place in choice.aggregate.table if place.draft != selected]
    if rivals:
        said.append(_decisive(selected, rivals[0], choice, passes, criteria, names))
        said += _own_words(selected, rivals[0], passes)
    said += [f"Why not {_name(one.rejected, names)}: {one.why}" for one in comparisons]
    return "\n".join(part for part in said if part)


def compare(
    choice: Choice, passes: Sequence[Pass], criteria: Sequence[CriterionUsed], drafts: Sequence[str]
) -> tuple[Comparison, ...]:
    """Say for every rejected draft what told against it; nothing when no draft was chosen."""
    selected = choice.selected_draft
    if selected is None:
        return ()
    ranked = [place.draft for place in choice.aggregate.table]
    others = [draft for draft in ranked if draft != selected]
    others += [draft for draft in drafts if draft in choice.aggregate.failed_must and draft != selected]
    return tuple(_comparison(selected, other, choice, passes, criteria) for other in others)


def dissents(choice: Choice, passes: Sequence[Pass]) -> tuple[Dissent, ...]:
    """Return the counted passes over the selected draft that did not prefer it, by what they preferred."""
    selected = choice.selected_draft
    if selected is None:
        return ()
    against: dict[tuple[str, str], list[Pass]] = {}
    for held in passes:
        if held.status == "counted" and selected in held.order and held.winner not in (selected, None):
            against.setdefault((held.judge, held.winner), []).append(held)
    return tuple(
        Dissent(
            judge=judge, preferred=preferred, passes=tuple(held.id for held in some), why=some[0].rationale
        )
        for (judge, preferred), some in sorted(against.items())
    )


def _why_people(choice: Choice) -> str:
    return f"People were asked because {_whys(choice)}."


def _whys(choice: Choice) -> str:
    return "; ".join(WHY_NOT[reason] for reason in choice.escalation.reasons)


def _undecided(choice: Choice, passes: Sequence[Pass], names: Mapping[str, str]) -> str:
    said = [f"No draft was chosen: {_whys(choice)}."]
    if {"person_asked", "ballots_missing"}.intersection(choice.escalation.reasons):
        return said[0]  # nobody has judged, and whoever will is not to know who wrote what
    said += [
        f"{_name(place.draft, names)} won {place.wins}, lost {place.losses} and tied {place.ties} passes."
        for place in choice.aggregate.table
        if place.wins + place.losses + place.ties
    ]
    said += [
        f"{_name(draft, names)} fails {', '.join(musts)}."
        for draft, musts in choice.aggregate.failed_must.items()
    ]
    # Whoever decides now should hear both sides, not the first one asked for.
    for one, two in combinations([place.draft for place in choice.aggregate.table[:2]], 2):
        said += _own_words(one, two, passes) + _own_words(two, one, passes)
    return "\n".join(said)


def _headline(selected: str, choice: Choice, names: Mapping[str, str]) -> str:
    if choice.escalation.decided_by:
        return f"{_name(selected, names)} was chosen by {' and '.join(choice.escalation.decided_by)}."
    best = choice.aggregate.table[0]
    passes = best.wins + best.losses + best.ties
    if not passes:
        return f"{_name(selected, names)} was chosen: every other draft fails a criterion that must be met."
    rivals = len(choice.aggregate.table) - 1
    both = f"and beat {best.swap_consistent_wins} of {rivals} rivals in both orders"
    return f"{_name(selected, names)} was chosen: it won {best.wins} of {passes} passes {both}."


def _decisive(
    selected: str,
    rival: str,
    choice: Choice,
    passes: Sequence[Pass],
    criteria: Sequence[CriterionUsed],
    names: Mapping[str, str],
) -> str:
    name = decisive_criterion(selected, rival, choice.scores, criteria)
    if name is None:
        return (
            f"By mean scores it leads the runner-up, {_name(rival, names)}, on no criterion: "
            "what decided is in the judge's words."
        )
    mine, theirs = mean_of(choice.scores, selected, name), mean_of(choice.scores, rival, name)
    quote = _quote(passes, selected, name)
    on = f" It rests on: “{quote}”." if quote else ""
    return (
        f"What decided was {name}: {mine:.1f} on average, "
        f"against {theirs:.1f} for the runner-up, {_name(rival, names)}.{on}"
    )


def _own_words(selected: str, rival: str, passes: Sequence[Pass]) -> list[str]:
    for held in pairs_of(passes, selected, rival):
        if held.winner == selected:
            look = held.id.removeprefix(f"{held.judge}.")
            who = "The judge" if look == held.id else held.judge
            return [f"{who} on {look}: {held.rationale}"]
    return []


def _comparison(
    selected: str, other: str, choice: Choice, passes: Sequence[Pass], criteria: Sequence[CriterionUsed]
) -> Comparison:
    between = pairs_of(passes, selected, other)
    ids = tuple(held.id for held in between)
    failed = choice.aggregate.failed_must.get(other)
    if failed:
        why = f"it fails {', '.join(failed)}, which must be met."
        return Comparison(rejected=other, decisive_criterion=failed[0], why=why, passes=ids)
    if not between:
        why = rejected_by_people(other, passes) or "no judge compared it with the selected draft."
        return Comparison(rejected=other, decisive_criterion=None, why=why, passes=ids)
    name = decisive_criterion(selected, other, choice.scores, criteria)
    won = sum(held.winner == selected for held in between)
    why = f"it lost {won} of {len(between)} passes against the selected draft"
    if sum(held.winner == TIE for held in between):
        why += f" and tied {sum(held.winner == TIE for held in between)}"
    if name is not None:
        mine, theirs = mean_of(choice.scores, selected, name), mean_of(choice.scores, other, name)
        why += f"; on {name} it came to {theirs:.1f} against {mine:.1f}"
        quote = _quote(passes, other, name)
        why += f", at best with “{quote}”" if quote else ""
    elif said := [held.rationale for held in between if held.winner == selected]:
        why += f"; no mean score tells them apart, but the judge says: {_excerpt(said[0], 2 * _EXCERPT)}"
    return Comparison(rejected=other, decisive_criterion=name, why=_ended(why), passes=ids)


def _quote(passes: Sequence[Pass], draft: str, criterion: str) -> str:
    """Return the evidence of the best score that the draft got on the criterion, on one line."""
    found = [
        score
        for held in passes
        for score in held.scores
        if score.draft == draft and score.criterion == criterion and score.evidence.strip()
    ]
    best = max(found, key=lambda score: score.score, default=None)
    if best is None:
        return ""
    return _excerpt(best.evidence)


def _excerpt(text: str, most: int = _EXCERPT) -> str:
    folded = " ".join(text.split())
    return folded if len(folded) <= most else f"{folded[:most].rsplit(' ', 1)[0]}…"


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?", "…", "”")) else f"{sentence}."


def _name(draft: str, names: Mapping[str, str]) -> str:
    return f"{draft} by {names[draft]}"
