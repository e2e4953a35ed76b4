"""After Ctrl-C the command names the very command that goes on."""

from __future__ import annotations

from typing import Any

import pytest

from crewctl.cli.interrupted import way_on
from crewctl.testing.sample_plans import market_plan, sequential_plan, task

TWO = sequential_plan(task("research"), task("write"))
MARKET = market_plan("direct", "story", tasks=(task("research"),))
RERUN = "Run it again: crewctl rerun run-1"


def done(*names: str, given_up: str = "", **contestants: str) -> dict[str, Any]:
    """Return the parts of a report that matter."""
    return {
        "tasks": [{"task": name, "outcome": "done"} for name in names]
        + [{"task": "other", "outcome": "stopped"}],
        "contestants": [
            {"task": "letter", "contestant": name, "outcome": how} for name, how in contestants.items()
        ],
        "faults": {"given_up": [{"task": given_up}] if given_up else []},
    }


@pytest.mark.parametrize(
    ("plan", "report", "place"),
    [
        (TWO, {}, None),
        (TWO, done(), None),
        (TWO, done("write"), None),
        (TWO, done("research"), "write"),
        (TWO, done(given_up="research"), "write"),
        (MARKET, done(), None),
        (MARKET, done("research", direct="done", story="stopped"), "letter"),
        (MARKET, done("research", direct="done", story="failed"), "judging"),
    ],
)
def test_a_fork_is_named_from_the_first_place_before_which_all_is_finished_else_a_rerun(
    plan: Any, report: dict[str, Any], place: str | None
) -> None:
    fork = f"Go on with what was finished: crewctl fork run-1 --from {place}"
    assert way_on(plan, "run-1", report) == (RERUN if place is None else fork)


def test_a_market_alone_is_run_again_or_judged_again() -> None:
    plan = market_plan("direct", "story")
    assert way_on(plan, "run-1", done(direct="done", story="stopped")) == RERUN
    assert way_on(plan, "run-1", done(direct="done", story="done")).endswith("--from judging")


def test_what_only_looks_back_is_not_gone_on_with() -> None:
    assert way_on(TWO, "run-1", done("research") | {"rejudges": "run-0"}) == ""
    assert way_on(TWO, "run-1", done("research") | {"source": "replay"}) == ""
