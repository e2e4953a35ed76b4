"""What a report's verdict says, place by place and by contestant, so that two runs can be compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import JsonValue

from crewctl.audit.json_parts import objects, part
from crewctl.audit.report import RunReport


def verdict_places(report: RunReport, *, blind: bool) -> dict[str, JsonValue]:
    """Return the verdict's places; with `blind` none that tells who wrote which draft.

    Drafts are numbered anew in every run, so places go by contestant. Verdicts of older forms have fewer.
    """
    verdict: Mapping[str, Any] = report.verdict or {}
    selected = next((each.contestant for each in report.contestants if each.selected), None)
    names = {str(each.get("id")): str(each.get("contestant")) for each in objects(verdict, "candidates")}
    places: dict[str, JsonValue] = {
        "verdict.contestant": selected,
        "verdict.reasoning": None if blind else verdict.get("reasoning"),
        "verdict.final_text": verdict.get("final_text"),
    }
    confidence, escalation = part(verdict, "confidence"), part(verdict, "escalation")
    places |= {f"verdict.confidence.{key}": confidence.get(key) for key in ("value", "band", "method")}
    places["verdict.escalation.status"] = escalation.get("status")
    places["verdict.escalation.reasons"] = _listed(escalation.get("reasons"))
    places["verdict.escalation.decided_by"] = _listed(escalation.get("decided_by"))
    if not blind:
        places |= dict(_standing(verdict, names)) | dict(_means(verdict, names)) | dict(_drafts(verdict))
    return places | dict(_judging(verdict)) | dict(_other_outcomes(verdict))


def _other_outcomes(verdict: Mapping[str, Any]) -> Iterator[tuple[str, JsonValue]]:
    """Return what came of merging and of a consensus, where there was one."""
    yield "verdict.decision", verdict.get("decision")
    merge = part(verdict, "merge")
    yield "verdict.merge.won", merge.get("won")
    yield "verdict.merge.why", merge.get("why")
    yield "verdict.merge.text", merge.get("text")
    for one in objects(part(verdict, "consensus"), "statements"):
        support = f"{one.get('standing')}: {one.get('supports')} for, {one.get('contradicts')} against"
        yield f"verdict.consensus.{one.get('text')}", support


def _standing(verdict: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[tuple[str, JsonValue]]:
    for place in objects(part(verdict, "aggregate"), "table"):
        name = names.get(str(place.get("draft")), "?")
        for key in ("rank", "wins", "losses", "ties", "share"):
            yield f"verdict.places.{name}.{key}", place.get(key)
    failed = part(part(verdict, "aggregate"), "failed_must")
    for draft, musts in failed.items():
        yield f"verdict.failed_must.{names.get(draft, '?')}", _listed(musts)


def _means(verdict: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[tuple[str, JsonValue]]:
    for mean in objects(verdict, "scores"):
        name = names.get(str(mean.get("draft")), "?")
        yield f"verdict.scores.{name}.{mean.get('criterion')}", mean.get("mean")


def _drafts(verdict: Mapping[str, Any]) -> Iterator[tuple[str, JsonValue]]:
    for each in objects(verdict, "candidates"):
        flags = sorted({str(flag.get("rule")) for flag in objects(each, "injection_flags")})
        yield f"verdict.drafts.{each.get('contestant')}.status", each.get("status")
        yield f"verdict.drafts.{each.get('contestant')}.flags", _listed(flags)


def _judging(verdict: Mapping[str, Any]) -> Iterator[tuple[str, JsonValue]]:
    """Return how it was judged: protocol, judges, people, rubric."""
    protocol, rubric, people = (part(verdict, name) for name in ("protocol", "rubric", "people"))
    for key in ("name", "version", "calls_used"):
        yield f"verdict.protocol.{key}", protocol.get(key)
    for judge in objects(verdict, "judges"):
        role = judge.get("role", "judge")
        yield (
            f"verdict.judges.{judge.get('id')}",
            f"{judge.get('model')}, {role}, weight {judge.get('weight', 1)}",
        )
    for name, models in _fallbacks(verdict).items():
        yield f"verdict.judges.{name}.fallbacks", ", ".join(models)
    for key in ("kind", "ballots"):
        yield f"verdict.people.{key}", people.get(key)
    yield "verdict.rubric.name", rubric.get("name")
    yield "verdict.rubric.sha256", rubric.get("sha256")
    for one in objects(rubric, "criteria"):
        weight = "must" if one.get("kind") == "must" else f"weight {one.get('weight')}"
        yield f"verdict.rubric.criteria.{one.get('id')}", f"{weight}: {one.get('text')}"
    for key in ("swap_consistency", "panel_agreement", "void_passes"):
        yield f"verdict.aggregate.{key}", part(verdict, "aggregate").get(key)


def _fallbacks(verdict: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return for each judge the models that were asked in place of its own."""
    held = [*objects(verdict, "notes"), *objects(verdict, "passes"), part(verdict, "consensus")]
    asked = (
        (str(each.get("judge")), str(model))
        for each in held
        for attempt in objects(each, "attempts")
        if (model := part(attempt, "fallback").get("model")) is not None
    )
    found: dict[str, list[str]] = {}
    for judge, model in dict.fromkeys(asked):
        found.setdefault(judge, []).append(model)
    return found


def _listed(value: Any) -> str | None:
    return ", ".join(map(str, value)) or None if isinstance(value, (list, tuple)) else None
