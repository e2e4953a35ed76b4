"""What people see who are to decide: blind drafts and how to choose one; then what came of it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

from crewctl.audit.report_data import report_data
from crewctl.cli.amounts import count
from crewctl.cli.output import Format, emit_one, heading, note, pairs, say
from crewctl.judging.ballot import eligible
from crewctl.judging.choice import pairs_of
from crewctl.judging.drafts import Candidate
from crewctl.judging.reasons import WHY_NOT
from crewctl.judging.verdict import Verdict
from crewctl.registry.decide import Decided
from crewctl.registry.undecided import Undecided

_REASON = '--reason "…"'


def show_case(case: Undecided, form: Format) -> None:
    """Write the drafts in the order of their ids, and the command that chooses one."""
    emit_one(_case_data(case), case.run_id, form, lambda: _case_page(case))


def decide_line(run_id: str, draft: str = "DRAFT") -> str:
    """Return the command that chooses a draft."""
    return f"crewctl decide {shlex.quote(run_id)} {draft} {_REASON}"


def show_decided(decided: Decided, form: Format) -> None:
    """Write what a person's word came to."""
    event, report = decided.event, report_data(decided.report)
    data = {
        "run_id": decided.report.run_id,
        "crew": decided.crew,
        "by": event.by,
        "draft": decided.draft,
        "settled": event.settled,
        "selected": event.selected,
        "contestant": event.contestant,
        "ballots": event.ballot,
        "missing": decided.missing,
        "output": report["output"],
        "file": decided.file,
        "report": decided.report_path,
        "problems": list(decided.problems),
    }
    emit_one(data, decided.report.run_id, form, lambda: _decided_page(decided, report["output"]))
    for problem in decided.problems:
        note(problem)


def _case_data(case: Undecided) -> dict[str, Any]:
    verdict = case.verdict
    return {
        "run_id": case.run_id,
        "crew": case.crew,
        "asked": verdict.people.kind if verdict.people else "judge",
        "why": [WHY_NOT[reason] for reason in verdict.escalation.reasons],
        "ballots": len(case.ballots),
        "missing": case.missing,
        "drafts": [
            {
                "id": each.id,
                "status": each.status,
                "words": each.words,
                "flags": sorted({flag.rule for flag in each.injection_flags}),
                "text": case.text(each.id),
            }
            for each in verdict.candidates
        ],
        "criteria": [one.model_dump(mode="json") for one in verdict.rubric.criteria],
        "said": list(_said(verdict)),
        "next": decide_line(case.run_id),
    }


def _case_page(case: Undecided) -> None:
    verdict = case.verdict
    heading(f"{case.crew}: {_waits_for(case)}")
    pairs([("run", case.run_id), *[("why", WHY_NOT[why]) for why in verdict.escalation.reasons]], indent=2)
    for each in verdict.candidates:
        text = case.text(each.id)
        heading(f"Draft {each.id}: {_state(each)}")
        if text is not None and each.status != "duplicate":
            say(text.strip(), indent=2)
    heading(f"Judge by: {verdict.rubric.name}")
    for one in verdict.rubric.criteria:
        weight = "must be met" if one.kind == "must" else f"weight {one.weight:g}"
        say(f"{one.id} ({weight}): {one.text}", indent=2)
    said = list(_said(verdict))
    if said:
        heading("What the judge said")
        for line in said:
            say(line, indent=2)
    note(f"Choose one of {', '.join(eligible(verdict))}: {decide_line(case.run_id)}")


def _waits_for(case: Undecided) -> str:
    people = case.verdict.people
    if people is None or people.kind == "person":
        return "undecided, and a person may choose"
    return f"a vote; {count(len(case.ballots), 'ballot')} in, at least {case.missing} to come"


def _state(draft: Candidate) -> str:
    words = {
        "eligible": count(draft.words, "word"),
        "duplicate": f"says the same as {draft.same_as}",
        "disqualified": "cannot be chosen, for it speaks to the judge",
        "empty": "is empty",
        "error": "came to nothing",
    }
    flags = sorted({flag.rule for flag in draft.injection_flags})
    marked = f"; marked: {', '.join(flags)}" if flags else ""
    return words.get(draft.status, draft.status) + marked


def _said(verdict: Verdict) -> Iterator[str]:
    """Give what the judges said for each of the best drafts against the other, without names.

    Where people are asked in a judge's place, there is nothing of the kind, and no ballot is told.
    """
    if verdict.people is not None:
        return
    for place in verdict.aggregate.table:
        if place.wins + place.losses + place.ties:
            yield f"{place.draft} won {place.wins}, lost {place.losses} and tied {place.ties} passes."
    for draft, musts in verdict.aggregate.failed_must.items():
        yield f"{draft} fails {', '.join(musts)}, which must be met."
    best = [place.draft for place in verdict.aggregate.table[:2]]
    for one, two in combinations(best, 2):
        yield from _for(one, two, verdict)
        yield from _for(two, one, verdict)


def _for(one: str, other: str, verdict: Verdict) -> Sequence[str]:
    won = [held for held in pairs_of(verdict.passes, one, other) if held.winner == one]
    return [f"For {one} against {other}: {won[0].rationale}"] if won else []


def _decided_page(decided: Decided, output: str | None) -> None:
    event = decided.event
    if not event.settled:
        heading(f"{decided.crew}: your ballot for {decided.draft} is in")
        missing = f"at least {count(decided.missing, 'ballot')} to come"
        pairs(
            [("by", event.by), ("vote", f"{count(event.ballot, 'ballot')} in, {missing}")],
            indent=2,
        )
        note(f"Still open: {decide_line(decided.report.run_id)}, by another user of this machine")
        return
    how = "" if event.ballot == 1 else f", by a vote of {event.ballot}"
    heading(f"{decided.crew}: {event.selected} by {event.contestant} was chosen{how}")
    if output:
        heading("Output")
        say(output.strip(), indent=2)
    pairs(
        [
            ("by", event.by),
            ("written to", decided.file),
            ("run", decided.report.run_id),
            ("report", decided.report_path),
        ],
        indent=2,
    )
