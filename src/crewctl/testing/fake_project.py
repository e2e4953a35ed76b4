"""A project whose kickoffs are told and not run, for tests of whatever watches and shows a run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from crewctl.audit.build_report import build_report
from crewctl.audit.events import ApprovalDecided, Event, KickoffRequested, Recorded, RunClosed
from crewctl.audit.report_data import report_data
from crewctl.planning.inputs import Value
from crewctl.planning.overrides import Overrides
from crewctl.planning.plan import Plan
from crewctl.testing.account_samples import Teller
from crewctl.testing.fake_store import FakeContentStore, FakeRunStore
from crewctl.wiring import Ended, Project

Story = Callable[[Teller], object]
"""Tells one run, from its beginning to its end."""


class FakeProject(Project):
    """Plans what it was given, and tells the story when it is kicked off; `pace` is seconds an event."""

    def __init__(self, root: Path, plan: Plan, story: Story, *, pace: float = 0.0) -> None:
        super().__init__(root)
        self._plan = plan
        self._story = story
        self._pace = pace
        self.given: Mapping[str, Value] | None = None
        self.rehearsed = False
        self.overrides: Overrides | None = None
        self.requested: KickoffRequested | None = None

    def plan(
        self,
        crew: str,  # noqa: ARG002 - the port's
        inputs: Mapping[str, Value] | None,
        *,
        rehearsal: bool = False,
        overrides: Overrides | None = None,
    ) -> Plan:
        """Return the plan, whatever is asked for; `given` and `overrides` remember what was."""
        self.given, self.rehearsed, self.overrides = inputs, rehearsal, overrides
        return self._plan

    def kickoff(
        self,
        plan: Plan,  # noqa: ARG002 - the port's
        watch: Callable[[Recorded], None],
        request: KickoffRequested,
    ) -> Ended:
        """Tell the story to `watch`, and end as its last event says."""
        self.requested = request
        store, contents = _WatchedStore(watch, self._pace), FakeContentStore()
        self._story(Teller(store, contents))
        records = store.events_of("r1")
        closing = records[-1].event
        if not isinstance(closing, RunClosed):
            raise TypeError("a story ends with RunClosed")
        if closing.outcome == "not_approved":
            refusal = next(each.event for each in records if isinstance(each.event, ApprovalDecided))
            return Ended("r1", closing.outcome, closing.exit_code, refusal=refusal)
        report = report_data(build_report(records, contents))
        path = None if request.rehearsal else f"registry/reports/{self._plan.crew}/r1.json"
        return Ended("r1", closing.outcome, closing.exit_code, report, path)


class _WatchedStore(FakeRunStore):
    def __init__(self, watch: Callable[[Recorded], None], pace: float) -> None:
        super().__init__()
        self._watch = watch
        self._pace = pace

    def append(self, run_id: str, event: Event) -> Recorded:
        record = super().append(run_id, event)
        self._watch(record)
        time.sleep(self._pace)
        return record
