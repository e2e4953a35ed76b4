"""Whether a report fits the verdict that it holds, and what its drafts say to that verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from crewctl.audit.json_parts import objects, part
from crewctl.judging.people import human
from crewctl.judging.verdict import Verdict
from crewctl.judging.verify import Check, Texts, verify

_MOMENT = timedelta(minutes=1)
_ENDS = ("finished", "undecided")


def report_checks(verdict: Verdict, report: Mapping[str, Any] | None) -> tuple[Check, ...]:
    """Check the verdict with the drafts of its report, and the report with the verdict; None is no report."""
    if report is None:
        return verify(verdict, None)
    blind = bool(part(report, "decision").get("drafts")) and verdict.integrity is None
    checks = verify(verdict, _texts(verdict, report, blind=blind), blind=blind)
    wrong = "; ".join([*_misfits(verdict, report), *(() if blind else _names(verdict, report))])
    return (*checks, Check(name="report", ok=not wrong, detail=wrong))


def _texts(verdict: Verdict, report: Mapping[str, Any], *, blind: bool) -> Texts:
    """Return the drafts by id, as far as the report has them."""
    if blind:
        told = part(report, "decision").get("drafts")
        drafts = told if isinstance(told, Mapping) else {}
        return {str(draft): text for draft, text in drafts.items() if isinstance(text, str)}
    outputs = {each.get("contestant"): each.get("output") for each in objects(report, "contestants")}
    texts = {each.id: outputs.get(each.contestant) for each in verdict.candidates if each.origin == "draft"}
    return {draft: text for draft, text in texts.items() if isinstance(text, str)}


def _misfits(verdict: Verdict, report: Mapping[str, Any]) -> Iterator[str]:
    if report.get("run_id") != verdict.run_id:
        yield "it is of another run than its verdict"
    decided = part(report, "decision")
    ended = report.get("outcome") == "finished" or decided.get("settled") is True
    output = report.get("output")
    if ended and output != verdict.final_text and not (report.get("erased") and output is None):
        yield "its output is not the verdict's final text"
    if report.get("outcome") in _ENDS and report["outcome"] != _end(verdict):
        yield f"it says that the run ended {report['outcome']}, and by its verdict it ended {_end(verdict)}"
    if bool(decided.get("settled")) != (verdict.escalation.status == "resolved"):
        yield "it says wrongly whether people have decided"


def _end(verdict: Verdict) -> str:
    """Return how a run ends whose verdict this was before people had their word."""
    waited = verdict.escalation.required or verdict.escalation.status == "resolved"
    return "undecided" if waited else "finished"


def _names(verdict: Verdict, report: Mapping[str, Any]) -> Iterator[str]:
    """Give what a report says wrongly of who wrote what, and of who chose what."""
    decided = part(report, "decision")
    names = {each.contestant: each.id for each in verdict.candidates if each.origin == "draft"}
    for each in objects(report, "contestants"):
        draft = names.get(str(each.get("contestant")))
        if each.get("blind_id") != draft:
            yield f"{each.get('contestant')} wrote {draft}, and it says {each.get('blind_id')}"
        if bool(each.get("selected")) != (draft is not None and draft == verdict.selected_draft):
            yield f"it says of {each.get('contestant')} wrongly whether it was selected"
    if sorted(str(each.get("contestant")) for each in objects(report, "contestants")) != sorted(names):
        yield "its contestants are not those of its verdict"
    ballots, said = objects(decided, "ballots"), human(verdict.passes)
    told = [(one.get("by"), one.get("draft"), one.get("reason")) for one in ballots]
    if told != [(held.judge, held.winner, held.rationale) for held in said]:
        yield "its ballots are not those of its verdict"
    elif not all(_same_time(one.get("at"), held.at) for one, held in zip(ballots, said, strict=True)):
        yield "its ballots were cast at other times than its verdict tells"
    if decided.get("settled") is True:
        yield from _decided(verdict, decided, ballots)


def _decided(
    verdict: Verdict, decided: Mapping[str, Any], ballots: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    chosen = {each.id: each.contestant for each in verdict.candidates}
    selected = verdict.selected_draft
    if (decided.get("draft"), decided.get("contestant")) != (selected, chosen.get(selected or "")):
        yield "it says wrongly which draft people chose"
    if not ballots or decided.get("at") != ballots[-1].get("at"):
        yield "it says wrongly when people decided"
    if decided.get("asked") != (verdict.people.kind if verdict.people else "judge"):
        yield "it says wrongly who was asked to decide"


def _same_time(told: object, at: datetime | None) -> bool:
    """Tell whether a ballot was written down when it was cast, but for the moment that takes."""
    try:
        written = datetime.fromisoformat(str(told))
        return at is not None and abs(written - at) < _MOMENT
    except (ValueError, TypeError):
        return False
