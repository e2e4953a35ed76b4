"""A project and its rooms, each built when it is first asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

# A command pays only for the rooms it enters: `list` and `check` must not import plans or events.
if TYPE_CHECKING:
    from crewctl.adapters.database import Database
    from crewctl.adapters.sql_run_store import SqlRunStore
    from crewctl.approval.port import Approvals
    from crewctl.approval.statement import AnyStatement
    from crewctl.audit.events import ApprovalDecided, KickoffRequested, Recorded
    from crewctl.audit.events_work import Source
    from crewctl.audit.port import ContentStore
    from crewctl.catalogue.catalogue import Catalogue
    from crewctl.planning.inputs import Value
    from crewctl.planning.overrides import Overrides
    from crewctl.planning.plan import Plan
    from crewctl.planning.port import RunRecording
    from crewctl.registry.decide import Decided
    from crewctl.registry.undecided import Undecided
    from crewctl.running.ownership import Locks, Workers
    from crewctl.running.port import Clock
    from crewctl.running.starts import ScheduleMemory, Starts
    from crewctl.wiring.answering import Waiting


@dataclass(frozen=True)
class Ended:
    """How a kickoff ended, as the command line needs it.

    `report` is the run's report as JSON data, None when the gate refused; then `refusal` says why.
    `report_path` is relative to the project; None for a rehearsal. A run that waits for people is not
    over: its outcome is ``waiting``, and `cards` are what they are asked.
    """

    run_id: str
    outcome: str
    exit_code: int
    report: Mapping[str, Any] | None = None
    report_path: str | None = None
    refusal: ApprovalDecided | None = None
    cards: tuple[str, ...] = ()


@dataclass(frozen=True)
class Terms:
    """What an approval is given for: until when (seconds from now), how often, and for which inputs."""

    reason: str
    expires: float
    max_runs: int | None = None
    for_inputs: bool = False


@dataclass(frozen=True)
class Said:
    """A statement as it was written: its id, the file relative to the project, and who said it."""

    id: str
    file: str
    by: str
    statement: AnyStatement


class Project:
    """One project and its rooms, each built when it is first asked for."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.state = root / ".crewctl"

    @cached_property
    def database(self) -> Database:
        """Where the machine state is kept: the project's own file, or what CREWCTL_DATABASE names."""
        from crewctl.wiring.database import open_database  # noqa: PLC0415 - start-up cost

        return open_database(self.root, os.environ)

    @cached_property
    def catalogue(self) -> Catalogue:
        """The catalogue, problems included."""
        from crewctl.catalogue.load import load_catalogue  # noqa: PLC0415 - start-up cost

        return load_catalogue(self.root, cache=self.state / "cache", recordings=self.recording)

    @cached_property
    def approvals(self) -> Approvals:
        """The statements under registry/approvals and how often each was used."""
        from crewctl.adapters.file_approvals import FileApprovals  # noqa: PLC0415 - start-up cost

        return FileApprovals(self.root, self.database)

    @cached_property
    def store(self) -> SqlRunStore:
        """The account of every run."""
        from crewctl.adapters.sql_run_store import SqlRunStore  # noqa: PLC0415 - start-up cost

        return SqlRunStore(self.database)

    @cached_property
    def contents(self) -> ContentStore:
        """Prompts, outputs and tool results."""
        return self.contents_without(())

    @cached_property
    def clock(self) -> Clock:
        """The time by which cards are due and schedules fire."""
        from crewctl.adapters.system_clock import SystemClock  # noqa: PLC0415 - start-up cost

        return SystemClock()

    @cached_property
    def locks(self) -> Locks:
        """The locks of runs and workers, which die with their process."""
        from crewctl.wiring.database import open_locks  # noqa: PLC0415 - start-up cost

        return open_locks(self.root, self.database)

    @cached_property
    def workers(self) -> Workers:
        """The processes that work on runs."""
        from crewctl.adapters.sql_workers import SqlWorkers  # noqa: PLC0415 - start-up cost

        return SqlWorkers(self.database, self.locks)

    @cached_property
    def starts(self) -> Starts:
        """What schedules, triggers, files and requests have started."""
        from crewctl.adapters.sql_starts import SqlStarts  # noqa: PLC0415 - start-up cost

        return SqlStarts(self.database)

    @cached_property
    def schedule_memory(self) -> ScheduleMemory:
        """Since when each schedule counts, and which crews are paused."""
        from crewctl.adapters.sql_schedules import SqlScheduleMemory  # noqa: PLC0415 - start-up cost

        return SqlScheduleMemory(self.database)

    def contents_without(self, secrets: Iterable[str]) -> ContentStore:
        """Return the same, with `secrets` taken out of everything that is put there."""
        from crewctl.wiring.database import open_contents  # noqa: PLC0415 - start-up cost

        return open_contents(self.root, self.database, secrets)

    def plan(
        self,
        crew: str,
        inputs: Mapping[str, Value] | None,
        *,
        rehearsal: bool = False,
        overrides: Overrides | None = None,
    ) -> Plan:
        """Plan a kickoff, or without values what an approval of any inputs is about.

        `overrides` have the crew's market judged otherwise than its file says.

        InvalidError with `.problems`, or NotFoundError.
        """
        from crewctl.adapters.installed_packages import InstalledWorld  # noqa: PLC0415 - start-up cost
        from crewctl.catalogue.load import load_catalogue  # noqa: PLC0415 - start-up cost
        from crewctl.planning.make_plan import make_plan  # noqa: PLC0415 - start-up cost
        from crewctl.planning.rehearsal import plan_rehearsal  # noqa: PLC0415 - start-up cost

        make = plan_rehearsal if rehearsal else make_plan
        # Read afresh: whoever can write to the cache must not decide what a plan says.
        catalogue = load_catalogue(self.root)
        if overrides:
            from crewctl.planning.overrides import judged_otherwise  # noqa: PLC0415 - start-up cost

            catalogue = judged_otherwise(catalogue, crew, overrides)
        return make(catalogue, crew, inputs, InstalledWorld(self.root, recordings=self.recording))

    def recording(self, run_id: str) -> RunRecording | None:
        """Return what a run recorded of its models; None when there is no such run."""
        from crewctl.adapters.run_recordings import run_recording  # noqa: PLC0415 - start-up cost

        return run_recording(self.store, self.contents, run_id)

    def request(self, crew: str, **asked: Any) -> KickoffRequested:
        """Return a request for a run in the name of the person at the terminal.

        `asked` are further fields of the event: `rehearsal`, `rejudges`, `source`, `of`, `key`.
        """
        from crewctl.wiring.line import request_of  # noqa: PLC0415 - start-up cost

        return request_of(crew, **asked)

    def kickoff(self, plan: Plan, watch: Callable[[Recorded], None], request: KickoffRequested) -> Ended:
        """Take the plan down the line here; `watch` hears every event, one at a time, from any thread."""
        from crewctl.wiring.line import take_down_the_line  # noqa: PLC0415 - start-up cost

        return take_down_the_line(self, plan, watch, request)

    def enqueue(self, plan: Plan, request: KickoffRequested) -> str:
        """Leave the plan to whichever worker is free, and return the run's id."""
        from crewctl.wiring.announcing import enqueue  # noqa: PLC0415 - start-up cost

        return enqueue(self, plan, request)

    def resume(self, run_id: str, watch: Callable[[Recorded], None]) -> Ended:
        """Go on here with a run that waits for a worker, for an answer that has come, or whose process died."""
        from crewctl.wiring.resuming import resume  # noqa: PLC0415 - start-up cost

        return resume(self, run_id, watch)

    def work(
        self,
        slots: int,
        tell: Callable[[str], None],
        must_leave: Callable[[], bool],
        *,
        until_idle: bool = False,
    ) -> None:
        """Serve the queue of runs until `must_leave` says so, or until nothing waits any more."""
        from crewctl.wiring.worker import work  # noqa: PLC0415 - imports the engine

        work(self, slots, tell, must_leave, until_idle=until_idle)

    def assemble(self, crew: str) -> Any:
        """Return the crew as CrewAI would have it, to look at; it refuses to be kicked off."""
        from crewctl.adapters.zygote_environment import FIXED  # noqa: PLC0415 - start-up cost

        for name, value in FIXED.items():
            os.environ.setdefault(name, value)  # importing CrewAI must open no connection here either
        from crewctl.adapters.crewai_assemble import assemble  # noqa: PLC0415 - imports CrewAI

        return assemble(self.plan(crew, None))

    def approve(self, plan: Plan, terms: Terms) -> Said:
        """State a yes to the plan in the name of the person at the terminal."""
        from crewctl.wiring.statements import approve  # noqa: PLC0415 - start-up cost

        return approve(self, plan, terms)

    def revoke(self, crew: str, statement: str | None, reason: str) -> Sequence[Said]:
        """Take back one statement (a unique prefix of its id is enough), or every standing one."""
        from crewctl.wiring.statements import revoke  # noqa: PLC0415 - start-up cost

        return revoke(self, crew, statement, reason)

    @property
    def person(self) -> str:
        """The name of the person at the terminal, as the operating system knows it: who logged in."""
        from crewctl.adapters.os_identity import login_name  # noqa: PLC0415 - start-up cost

        return login_name()

    def case_of(self, run_id: str) -> Undecided:
        """Return the drafts among which people may choose; CrewctlError says why they may not."""
        from crewctl.wiring.deciding import case_of_run  # noqa: PLC0415 - start-up cost

        return case_of_run(self, run_id)

    def decide(self, run_id: str, draft: str, reason: str) -> Decided:
        """Choose a draft of an undecided run in the name of the person at the terminal."""
        from crewctl.wiring.deciding import decide_run  # noqa: PLC0415 - start-up cost

        return decide_run(self, run_id, draft, reason)

    def waiting(self) -> Waiting:
        """Return everything that waits for people, the riskiest first."""
        from crewctl.wiring.answering import all_waiting  # noqa: PLC0415 - start-up cost

        return all_waiting(self)

    def held_back(self, source: Source) -> str:
        """Return why nothing of this source may start a run while people have so much to decide; empty when it may."""
        from crewctl.wiring.answering import why_held_back  # noqa: PLC0415 - start-up cost

        return why_held_back(self, source)

    def close_lost_runs(self) -> Sequence[str]:
        """Close the runs whose process died, writing the reports that it could not; return their ids."""
        from crewctl.adapters.lost_runs import close_lost_runs  # noqa: PLC0415 - start-up cost

        return close_lost_runs(self.root, self.store, self.contents, self.locks)

    def stop(self, run_id: str, reason: str) -> bool:
        """Ask a run to end and wait until it has; False when it was over already."""
        from crewctl.wiring.stopping import stop  # noqa: PLC0415 - start-up cost

        return stop(self, run_id, reason)


def open_project(explicit: Path | None) -> Project:
    """Find the project; NotFoundError when there is none."""
    from crewctl.catalogue.project import find_project  # noqa: PLC0415 - start-up cost

    named = os.environ.get("CREWCTL_PROJECT")
    return Project(find_project(Path.cwd(), explicit or (Path(named) if named else None)))
