"""One run of a plan over fakes alone: an engine by script, and stores and steps in memory."""

from __future__ import annotations

from collections.abc import Callable

from crewctl.audit.fact import ContentRef
from crewctl.planning.plan import Plan
from crewctl.processes.outcome import Outcome
from crewctl.processes.port import OutputFiles
from crewctl.processes.rooms import ProcessRooms
from crewctl.processes.run_process import run_process
from crewctl.running.port import ModelCall, StepResult
from crewctl.testing.fake_engine import FakeEngine, Script, judge_by_length
from crewctl.testing.fake_store import FakeContentStore, FakeRunStore
from crewctl.testing.memory_steps import MemorySteps
from crewctl.testing.set_clock import SetClock

RUN = "run-1"


class FakeRoom:
    """Runs its plan as often as it is told to, each time with what the steps remember."""

    def __init__(
        self,
        plan: Plan,
        script: Script | None = None,
        judge: Callable[[ModelCall], str | StepResult] = judge_by_length,
        *,
        files: OutputFiles | None = None,
    ) -> None:
        self.plan = plan
        self.store = FakeRunStore()
        self.contents = FakeContentStore()
        self.engine = FakeEngine(RUN, self.store, self.contents, script, judge)
        self.steps = MemorySteps()
        self.clock = SetClock()
        self.files = files

    def run(self) -> Outcome:
        """Run the plan's process to its end."""
        rooms = ProcessRooms(RUN, self.engine, self.store, self.contents, self.files, clock=self.clock)
        return run_process(self.plan, rooms, self.steps)

    def text(self, ref: ContentRef | None) -> str:
        """Return a content's text; of none, nothing."""
        return "" if ref is None else self.contents.get(ref).decode()

    def contexts(self) -> dict[str, tuple[str, ...]]:
        """Return, for each task that was handed to the engine, the tasks whose outputs it was shown."""
        return {work.task: tuple(each.task for each in work.context) for work in self.engine.kickoffs}
