"""What a plan says about faults, for a person: tries, who takes over, what is left alone."""

from __future__ import annotations

from crewctl.cli.amounts import duration
from crewctl.planning.plan import Plan, PlannedRetry, PlannedTask

_GOES_ON = {
    "continue": "if it fails later tasks are told",
    "skip": "if it fails later tasks do not hear of it",
    "ask": "if it fails a person decides",
}


def fault_words(task: PlannedTask) -> list[str]:
    """Return what a task says about its own failures."""
    words = [retry_text(task.retry)] if task.retry is not None else []
    words += [f"then {task.fallback}"] if task.fallback else []
    return words + ([_GOES_ON[task.on_failure]] if task.on_failure != "fail" else [])


def plan_fault_rows(plan: Plan) -> list[tuple[str, str]]:
    """Return what holds for the whole crew; nothing where nothing is tried again or left alone."""
    rows = [("tries", retry_text(plan.task_retry))] if plan.task_retry.attempts > 1 else []
    rows += [
        (f"by {agent.name}", retry_text(agent.retry)) for agent in plan.agents if agent.retry is not None
    ]
    if plan.breaker is not None:
        breaker = plan.breaker
        said = (
            f"whatever fails {breaker.failures} times within {duration(breaker.within)} "
            f"is left alone for {duration(breaker.open_for)}"
        )
        rows.append(("breaker", said))
    return rows


def retry_text(retry: PlannedRetry) -> str:
    """Say how often something is tried, and how long is waited in between."""
    if retry.attempts == 1:
        return "tried once"
    first, longest = duration(retry.backoff), duration(retry.longest)
    return f"tried {retry.attempts} times, {first} to {longest} apart"
