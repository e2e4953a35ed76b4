"""Everything that the line needs besides the plan and the steps."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from crewctl.approval.port import Approvals
from crewctl.audit.events import Event, KickoffRequested
from crewctl.audit.port import ContentStore, RunStore
from crewctl.planning.plan import Plan
from crewctl.processes.port import OutputFiles
from crewctl.processes.recorded import RecordedDrafts
from crewctl.processes.rooms import JudgeFactory, ProcessRooms
from crewctl.registry.port import Reports
from crewctl.running.port import Clock, CrewEngine
from crewctl.running.stop import StopFlag


@dataclass(frozen=True)
class Rooms:
    """One run's rooms. `request` says who asks, and whether this is a rehearsal.

    `open_engine` is entered only behind the gate and left before the run is closed. `recorded` has the
    drafts of a run that only judges an earlier one's.
    """

    run_id: str
    request: KickoffRequested
    store: RunStore
    contents: ContentStore
    approvals: Approvals
    clock: Clock
    open_engine: Callable[[Plan], AbstractContextManager[CrewEngine]]
    files: OutputFiles
    reports: Reports
    stop: StopFlag = field(default_factory=StopFlag)
    judge: JudgeFactory | None = None
    recorded: RecordedDrafts | None = None

    @property
    def rehearsal(self) -> bool:
        """Whether this run needs no approval, writes no file and leaves no report."""
        return self.request.rehearsal

    def process(self, engine: CrewEngine) -> ProcessRooms:
        """Return what the process may use."""
        return ProcessRooms(
            run_id=self.run_id,
            engine=engine,
            store=self.store,
            contents=self.contents,
            files=None if self.rehearsal else self.files,
            judge=self.judge,
            recorded=self.recorded,
            clock=self.clock,
        )

    def record(self, event: Event) -> None:
        """Add an event to the run's account."""
        self.store.append(self.run_id, event)

    def has(self, kind: type[Event]) -> bool:
        """Return whether the run's account has an event of this kind: a recovery writes none twice."""
        return bool(self.store.events_of_kinds(self.run_id, (kind,)))
