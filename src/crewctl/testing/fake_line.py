"""The way into the line as a test has it: plans of one crew after another, and runs that are only counted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from crewctl.audit.events import KickoffRequested
from crewctl.audit.events_work import Source
from crewctl.errors import CrewctlError
from crewctl.planning.inputs import Value
from crewctl.planning.plan import Plan
from crewctl.testing.small_plans import small_model, small_plan


class FakeLine:
    """The Line port. `runs` has every request by its run's id; `wrong` says which crews cannot be planned.

    `nobody_runs` says which are suspended, in which words.
    """

    def __init__(self) -> None:
        self.runs: dict[str, KickoffRequested] = {}
        self.inputs: dict[str, Mapping[str, Value]] = {}
        self.going: set[str] = set()
        self.wrong: dict[str, Exception] = {}
        self.full = ""
        self.nobody_runs: dict[str, str] = {}

    def plan(self, crew: str, inputs: Mapping[str, Value]) -> Plan:
        """Return a plan of the crew, or raise what is wrong with it."""
        if crew in self.wrong:
            raise self.wrong[crew]
        return small_plan(models=(small_model(None),)).model_copy(
            update={"crew": crew, "inputs": dict(inputs)}
        )

    def request(self, crew: str, **asked: Any) -> KickoffRequested:
        """Return a request from a made-up process."""
        return KickoffRequested(crew=crew, by="worker", host="host", pid=1, **asked)

    def enqueue(self, plan: Plan, request: KickoffRequested) -> str:
        """Count the run; with a key that was used, return the run that it stands for."""
        if not request.key:
            raise CrewctlError("a start without a key would be started twice")
        for run, known in self.runs.items():
            if (known.crew, known.key) == (request.crew, request.key):
                return run
        run = f"run-{len(self.runs) + 1}"
        self.runs[run] = request
        self.inputs[run] = plan.inputs
        self.going.add(run)
        return run

    def open_runs(self) -> Collection[str]:
        """Return the runs that a test has not ended."""
        return self.going

    def held_back(self, source: Source) -> str:
        """Return why a start is held back, where a test says that the inbox is full."""
        return self.full if source != "person" else ""

    def suspended(self, crew: str) -> str:
        """Return in which words a test has the crew suspended."""
        return self.nobody_runs.get(crew, "")
