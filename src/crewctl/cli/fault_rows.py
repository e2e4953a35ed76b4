"""What was done about faults in a run, as the rows of its report."""

from __future__ import annotations

from crewctl.audit.report_faults import FallbackDone, FaultsDone, GivenUpDone
from crewctl.cli.amounts import count

_TOLD = {"continue": "later tasks were told", "skip": "later tasks did not hear of it"}


def fault_rows(faults: FaultsDone) -> list[tuple[str, str | None]]:
    """Return a row for each kind of thing that was done; None where nothing was."""
    return [
        ("tried again", _retries(faults)),
        ("taken over", "; ".join(fallback_text(each) for each in faults.fallbacks) or None),
        ("given up", "; ".join(given_up_text(each) for each in faults.given_up) or None),
        (
            "left alone",
            "; ".join(f"{each.target} until {each.until:%H:%M:%S} UTC" for each in faults.breakers) or None,
        ),
    ]


def fallback_text(done: FallbackDone) -> str:
    """Say who took over from whom."""
    return f"{done.step} by {done.what} {done.taken} instead of {done.instead_of}"


def given_up_text(done: GivenUpDone) -> str:
    """Say what the run went on without, and who knew."""
    return f"{done.task}, {_TOLD[done.how]}: {done.error}"


def _retries(faults: FaultsDone) -> str | None:
    steps: dict[str, int] = {}
    for retry in faults.retries:
        steps[retry.step] = steps.get(retry.step, 0) + 1
    return ", ".join(f"{step} {count(times, 'time')}" for step, times in steps.items()) or None
