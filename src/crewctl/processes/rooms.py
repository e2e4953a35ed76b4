"""What a process may use, besides its plan and its steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from crewctl.audit.port import ContentStore, RunStore
from crewctl.judging.port import JudgeModel
from crewctl.planning.plan import Plan
from crewctl.processes.port import OutputFiles
from crewctl.processes.recorded import RecordedDrafts
from crewctl.processes.tries import TriesBook
from crewctl.running.cards import Desk
from crewctl.running.port import Clock, CrewEngine, Steps

JudgeFactory = Callable[[Plan, "ProcessRooms", Steps], JudgeModel]
"""Makes the judge of one run: how a person or a recording takes the model's place."""


@dataclass(frozen=True)
class ProcessRooms:
    """One run's rooms. `files` None means that no output file is written: a rehearsal.

    `judge` None means the plan's own judge, asked through the engine. With `recorded` drafts nothing
    is done but to judge them. `desk`, where people are asked, is made by `run_process` from the plan and
    the `clock`, and `tries`, where steps stand, from the account.
    """

    run_id: str
    engine: CrewEngine
    store: RunStore
    contents: ContentStore
    files: OutputFiles | None = None
    judge: JudgeFactory | None = None
    recorded: RecordedDrafts | None = None
    clock: Clock | None = None
    desk: Desk | None = None
    tries: TriesBook | None = None
