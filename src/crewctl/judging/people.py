"""What people said: one decision, or the ballots of a vote, as passes of kind `human`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from crewctl.judging.verdict import Confidence, Escalation, Pass, PeopleAsked, Reason

_METHOD = "share of the people asked who chose this draft"


def human(passes: Sequence[Pass]) -> list[Pass]:
    """Return the passes that people gave."""
    return [held for held in passes if held.kind == "human"]


def chosen_by_people(passes: Sequence[Pass], people: PeopleAsked | None) -> str | None:
    """Return the draft that people chose; None while too few have spoken, or the vote is level.

    Without a vote one person's word is enough. A vote takes the draft with the most ballots once at
    least the number asked for is in; level ballots wait for one more person.
    """
    ballots = Counter(held.winner for held in human(passes))
    if not ballots or (people is not None and ballots.total() < people.ballots):
        return None
    (best, most), *others = ballots.most_common()
    return None if others and others[0][1] == most else best


def escalation_of(reasons: tuple[Reason, ...], passes: Sequence[Pass], selected: str | None) -> Escalation:
    """Return whether people are needed, and who decided; with reasons, `selected` is what people chose."""
    if not reasons:
        return Escalation(required=False)
    if selected is None:
        return Escalation(required=True, reasons=reasons, status="pending")
    who = tuple(sorted({held.judge for held in human(passes)}))
    return Escalation(required=True, reasons=reasons, status="resolved", decided_by=who)


def confidence_of_people(passes: Sequence[Pass], selected: str) -> Confidence:
    """Return the share of ballots that the chosen draft got."""
    ballots = human(passes)
    share = round(sum(held.winner == selected for held in ballots) / len(ballots), 6)
    return Confidence(value=share, band="high" if share > 2 / 3 else "medium", method=_METHOD)


def people_said(selected: str, passes: Sequence[Pass], names: Mapping[str, str]) -> list[str]:
    """Return who chose the draft and why, a sentence each; `names` maps ids to contestants."""
    ballots = human(passes)
    chose = [held for held in ballots if held.winner == selected]
    draft = f"{selected} by {names[selected]}"
    if len(ballots) == 1:
        return [f"{draft} was chosen by {chose[0].judge}: {chose[0].rationale}"]
    said = [f"{draft} was chosen by {len(chose)} of {len(ballots)} people."]
    return said + [f"{held.judge} chose {held.winner}: {held.rationale}" for held in ballots]


def rejected_by_people(draft: str, passes: Sequence[Pass]) -> str:
    """Return how many people wanted a draft that was not chosen; nothing when no people were asked."""
    ballots = human(passes)
    if not ballots:
        return ""
    return f"{sum(held.winner == draft for held in ballots)} of {len(ballots)} people chose it."
