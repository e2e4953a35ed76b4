"""Says how to go on with a run that was interrupted: with what it had finished, where there is any."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crewctl.planning.plan import Plan
from crewctl.processes.keeping import JUDGING


def way_on(plan: Plan, run_id: str, report: Mapping[str, Any]) -> str:
    """Return a sentence with the exact command; empty for a run that nobody would go on with."""
    if report.get("rejudges") or report.get("source") == "replay":
        return ""
    place = _first_unfinished(plan, report)
    if place is None:
        return f"Run it again: crewctl rerun {run_id}"
    return f"Go on with what was finished: crewctl fork {run_id} --from {place}"


def _first_unfinished(plan: Plan, report: Mapping[str, Any]) -> str | None:
    """Return the place before which everything was finished; None where that is nothing."""
    finished = {each["task"] for each in report.get("tasks", ()) if each["outcome"] == "done"}
    finished |= {each["task"] for each in report.get("faults", {}).get("given_up", ())}
    places = [task.name for task in plan.tasks if task.name not in finished]
    if plan.market is not None:
        drafts = {each["contestant"] for each in report.get("contestants", ()) if each["outcome"] in _OVER}
        places.append(JUDGING if drafts.issuperset(plan.market.contestants) else plan.market.task.name)
    first = next(iter(places), None)
    before = plan.tasks[0].name if plan.tasks else plan.market.task.name if plan.market else None
    return None if first == before else first


_OVER = frozenset({"done", "failed", "limit_reached"})
"""How a draft is kept by a fork: it was written, or came to nothing."""
