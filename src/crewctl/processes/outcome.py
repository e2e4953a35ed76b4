"""How a process ended, and the exception that ends one early."""

from __future__ import annotations

from typing import Literal

from crewctl.audit.events import LimitName
from crewctl.audit.fact import ContentRef
from crewctl.running.port import StepResult, Value

How = Literal["finished", "failed", "limit_reached", "stopped", "undecided"]


class Outcome(Value):
    """What a process came to; `output` is the final text's place in the content store.

    A market without a selected draft is ``undecided``. Whatever the outcome, finished steps stay in
    the account.
    """

    how: How
    output: ContentRef | None = None
    error: str = ""
    limit: LimitName | None = None


class ProcessEnded(Exception):  # noqa: N818 - not an error: a limit, a stop or a failed step ends the process
    """Carries the outcome from the step that ended the process up to `run_process`."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.error)
        self.outcome = outcome


def outcome_of(name: str, result: StepResult) -> Outcome | None:
    """Return how the run ends because of this step; None when the step was done."""
    if result.outcome == "done":
        return None
    if result.outcome == "stopped":
        return Outcome(how="stopped", error=result.error)
    if result.outcome in ("limit_reached", "refused"):
        return Outcome(how="limit_reached", error=result.error, limit=result.limit)
    return Outcome(how="failed", error=f"{name}: {result.error or result.outcome}")


def came_to_nothing(result: StepResult) -> bool:
    """Tell whether the step itself failed; a stop and a limit of the run are no failures of the step."""
    own_time = result.outcome == "limit_reached" and result.limit == "task_timeout"
    return result.outcome in ("failed", "lost") or own_time


def first_end(outcomes: list[Outcome | None]) -> Outcome | None:
    """Return what ended steps that ran side by side: a stop before a limit before a failure."""
    ends = [outcome for outcome in outcomes if outcome is not None]
    rank = ("stopped", "limit_reached", "failed")
    return min(ends, key=lambda outcome: rank.index(outcome.how), default=None)
