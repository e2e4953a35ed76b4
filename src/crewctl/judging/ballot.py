"""A person's word as a pass: which draft is meant, and whether this person may choose it."""

from __future__ import annotations

from datetime import datetime

from crewctl.audit.reasons import checked_reason
from crewctl.diagnostics.nearest import nearest
from crewctl.diagnostics.visible import one_line
from crewctl.errors import CrewctlError, NotFoundError
from crewctl.judging.drafts import Candidate
from crewctl.judging.people import human
from crewctl.judging.verdict import Pass, Verdict

_NO_CHOICE = {
    "empty": "is empty",
    "error": "came to nothing",
    "disqualified": "speaks to the judge, and the project's policy lets no such draft win",
}


def ballot(verdict: Verdict, person: str, word: str, reason: str, at: datetime) -> Pass:
    """Return the pass by which `person` chooses the draft that `word` means.

    UsageError for an unfit reason, NotFoundError for a word that means no draft, CrewctlError for a
    draft that cannot be chosen and for a person who has spoken before.
    """
    spoken = [held.judge for held in human(verdict.passes)]
    if person in spoken:
        raise CrewctlError(
            f"{one_line(person)} has cast a ballot on this run already, and a ballot cannot be changed",
            help="let somebody else decide, as another user of this machine",
        )
    why = checked_reason(reason)
    chosen = draft_meant(verdict, word)
    return Pass(
        id=f"person.{len(spoken) + 1}",
        judge=person,
        kind="human",
        order=eligible(verdict),
        status="counted",
        winner=chosen.id,
        rationale=why,
        at=at,
    )


def eligible(verdict: Verdict) -> tuple[str, ...]:
    """Return the ids of the drafts that may be chosen."""
    return tuple(
        each.id for each in verdict.candidates if each.status == "eligible" and each.origin == "draft"
    )


def draft_meant(verdict: Verdict, word: str) -> Candidate:
    """Return the draft with this id or, where names may be known, of this contestant; a duplicate's first."""
    candidates = {each.id: each for each in verdict.candidates}
    found = candidates.get(word.upper())
    if found is None and verdict.people is None:
        found = next((each for each in verdict.candidates if each.contestant == word), None)
    if found is None:
        raise NotFoundError(f"there is no draft '{one_line(word)}'", help=_which(verdict, word))
    if found.status == "duplicate" and found.same_as in candidates:
        found = candidates[found.same_as]
    if found.id not in eligible(verdict):
        why = _NO_CHOICE.get(found.status, f"is {found.status}")
        raise CrewctlError(
            f"draft {found.id} {why}, so it cannot be chosen",
            help=f"choose one of: {', '.join(eligible(verdict)) or 'none, for no draft can be chosen'}",
        )
    return found


def _which(verdict: Verdict, word: str) -> str:
    names = [each.contestant for each in verdict.candidates]
    if verdict.people is not None and word in names:
        return f"give a draft's id ({', '.join(eligible(verdict))}): people choose without knowing who wrote what"
    choices = [*eligible(verdict), *(names if verdict.people is None else ())]
    near = nearest(word, choices)
    return f"did you mean '{near}'?" if near else f"its drafts are: {', '.join(eligible(verdict))}"
