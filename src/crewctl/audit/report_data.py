"""The report as it is given away: as data, as a file's bytes, and blind as long as people choose."""

from __future__ import annotations

import json
from typing import Any

from pydantic import JsonValue

from crewctl.audit.json_parts import objects
from crewctl.audit.report import RunReport
from crewctl.diagnostics.strict_json import strict_json


def report_data(report: RunReport) -> dict[str, Any]:
    """Return the report as it is given away: blind as long as people choose among its drafts."""
    return blinded(report).model_dump(mode="json")


def is_blind(report: RunReport) -> bool:
    """Tell whether people are to choose, and have not, so that nobody should learn who wrote which draft."""
    verdict = report.verdict or {}
    escalation = verdict.get("escalation")
    pending = isinstance(escalation, dict) and escalation.get("status") == "pending"
    return pending and verdict.get("people") is not None


def blinded(report: RunReport) -> RunReport:
    """Return the report without what tells who wrote which draft, and who voted how, while people choose.

    Contestants lose their texts and ids, drafts their contestants, and the verdict its ballots and,
    as it is not whole any more, its digest. Times, tokens and cost of each contestant stay.
    """
    if not is_blind(report) or report.verdict is None:
        return report
    candidates = objects(report.verdict, "candidates")
    outputs = {each.contestant: each.output for each in report.contestants}
    drafts = {str(each.get("id")): outputs.get(str(each.get("contestant"))) for each in candidates}
    names: list[JsonValue] = [{**each, "contestant": ""} for each in candidates]
    judged: list[JsonValue] = [
        {**one} for one in objects(report.verdict, "passes") if one.get("kind") != "human"
    ]
    verdict = {**report.verdict, "candidates": names, "passes": judged, "integrity": None}
    contestants = tuple(
        each.model_copy(update={"blind_id": None, "output": None}) for each in report.contestants
    )
    decision = report.decision and report.decision.model_copy(
        update={
            "drafts": drafts,
            "ballots": tuple(
                ballot.model_copy(update={"draft": None, "reason": None})
                for ballot in report.decision.ballots
            ),
        }
    )
    return report.model_copy(update={"verdict": verdict, "contestants": contestants, "decision": decision})


def with_clock_of(report: RunReport, written: bytes) -> RunReport:
    """Return the report with the two figures of the run's clock that a file gives; ValueError if it gives none."""
    data = strict_json(written.decode())
    try:
        seconds = data["times"]["clock_seconds"]
        used = next(each["used"] for each in data["limits"] if each["limit"] == "timeout")
    except (LookupError, TypeError, StopIteration) as error:
        raise ValueError("it does not say what the run's clock showed") from error
    if {type(seconds), type(used)} != {float}:
        raise ValueError("what it says of the run's clock are no numbers")
    limits = (
        each.model_copy(update={"used": used}) if each.limit == "timeout" else each for each in report.limits
    )
    times = report.times.model_copy(update={"clock_seconds": seconds})
    return report.model_copy(update={"times": times, "limits": tuple(limits)})


def report_bytes(report: RunReport) -> bytes:
    """Return the report as its file holds it: the same report is always the same bytes."""
    data = report_data(report)
    return (json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode("utf-8", "replace")
