"""What starts crews: schedules, endings of other crews and files; each once, and nothing is lost without a word."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest

from crewctl.audit.events import KickoffRequested, Outcome, PlanMade, RunClosed
from crewctl.catalogue.specs.schedule_spec import EndedAs
from crewctl.diagnostics.problem import Problem
from crewctl.diagnostics.span import Span
from crewctl.errors import LostDatabaseError, NotFoundError, StoreError
from crewctl.planning.digest import canonical
from crewctl.planning.findings import InvalidPlanError
from crewctl.registry.by_endings import Account, ByEndings
from crewctl.registry.by_files import ByFiles
from crewctl.registry.by_the_clock import ByTheClock, Work
from crewctl.registry.carry_out import StartRooms
from crewctl.registry.left_over import LeftOver
from crewctl.registry.schedule_book import ScheduleBook
from crewctl.running.starts import Dropped, Known, Pause, Start
from crewctl.testing.account_samples import sample_plan
from crewctl.testing.fake_line import FakeLine
from crewctl.testing.fake_store import FakeContentStore, FakeRunStore
from crewctl.testing.memory_starts import MemoryEndings, MemorySchedules, MemoryStarts

FIVE = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
CREW = (
    "description: A brief\nprocess: sequential\ninputs: {company: {description: Company}}\ntasks: [write]\n"
)
AT_SIX = 'schedule: {cron: "0 6 * * *", inputs: {company: Acme}}\n'


@dataclass
class World:
    """A project's entries, and everything else in memory; `line` counts the runs."""

    root: Path
    line: FakeLine = field(default_factory=FakeLine)
    starts: MemoryStarts = field(default_factory=MemoryStarts)
    endings: MemoryEndings = field(default_factory=MemoryEndings)
    contents: FakeContentStore = field(default_factory=FakeContentStore)

    def __post_init__(self) -> None:
        (self.root / "config").mkdir()
        (self.root / "crews").mkdir()
        (self.root / "registry/entries").mkdir(parents=True)
        (self.root / "config/agents.yaml").write_text(
            "w: {role: Writer, goal: Write, backstory: You write.}\n"
        )
        (self.root / "config/tasks.yaml").write_text(
            'write: {description: "About {company}", expected_output: A page, agent: w}\n'
        )
        self.memory = MemorySchedules(self.starts)
        self.now = FIVE
        self.store = FakeRunStore(lambda: self.now)

    def entry(self, crew: str, said: str) -> None:
        (self.root / f"crews/{crew}.yaml").write_text(CREW)
        (self.root / f"registry/entries/{crew}.yaml").write_text(said)

    def worker(self, name: str = "w1") -> Worker:
        return Worker(self, name)

    def runs(self) -> list[tuple[str, str]]:
        return [(request.crew, request.source) for request in self.line.runs.values()]

    def became(self, crew: str = "brief") -> list[tuple[str, str]]:
        return [(start.state, start.note) for start in reversed(self.starts.latest(crew, 99))]

    def ends(
        self, run: str, crew: str, outcome: Any = "finished", output: str = "done", **asked: Any
    ) -> None:
        """Have a run of another crew begin and end now."""
        self.begins(run, crew, **asked)
        self.closes(run, outcome, output)

    def begins(self, run: str, crew: str, **asked: Any) -> None:
        plan = sample_plan().model_copy(update={"crew": crew, "inputs": {"company": "Acme", "year": 2026}})
        self.store.append(run, KickoffRequested(crew=crew, **{"by": "ada", "host": "h", "pid": 1, **asked}))
        kept = self.contents.put(run, canonical(plan))
        self.store.append(run, PlanMade(crew_digest="c", inputs_digest="i", plan=kept, simulated=False))
        self.endings.runs.append((run, crew, False))

    def closes(self, run: str, outcome: Any = "finished", output: str = "done") -> None:
        ref = self.contents.put(run, output.encode())
        self.store.append(run, RunClosed(outcome=outcome, exit_code=0, output=ref))
        self.endings.runs = [(each, of, closed or each == run) for each, of, closed in self.endings.runs]


class Worker:
    """One worker's share, its parts put together as in a real one."""

    def __init__(self, world: World, name: str) -> None:
        self._world = world
        rooms = StartRooms(world.starts, world.line, name)
        self.book = ScheduleBook(world.root, world.memory)
        self.clock = ByTheClock(self.book, world.memory, rooms)
        account = Account(world.endings, world.store, world.contents)
        self.endings = ByEndings(self.book, world.memory, account, rooms)
        self.left = LeftOver(self.book, world.memory, self.endings, rooms)

    def looks(self) -> list[Work]:
        now = self._world.now
        if self.book.refresh(now):
            self.clock.look_at_all()
            self.endings.look_at_all()
        return [*self.left.works(now), *self.clock.works(now), *self.endings.works(now)]

    def ticks(self, *moments: datetime) -> None:
        for now in moments or (self._world.now,):
            self._world.now = now
            for work in self.looks():
                work(now)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_schedule_starts_its_crew_once_with_its_inputs(world: World) -> None:
    world.entry("brief", AT_SIX)
    worker = world.worker()

    worker.ticks(FIVE, FIVE + HOUR - SECOND)
    assert world.runs() == []
    worker.ticks(*(FIVE + HOUR + n * SECOND for n in range(90)))

    assert world.runs() == [("brief", "schedule")]
    assert world.line.inputs == {"run-1": {"company": "Acme"}}
    request = world.line.runs["run-1"]
    assert request.by == "the schedule 'main'"
    assert request.key == "schedule:brief:main:2026-03-02T06:00:00Z"


def test_two_schedules_of_a_crew_are_told_apart_by_their_names(world: World) -> None:
    one = '  - {name: NAME, cron: "0 6 * * *", overlap: allow, inputs: {company: NAME}}\n'
    world.entry("brief", f"schedule:\n{one.replace('NAME', 'first')}{one.replace('NAME', 'second')}")
    world.worker().ticks(FIVE, FIVE + HOUR)

    assert sorted(inputs["company"] for inputs in world.line.inputs.values()) == ["first", "second"]
    assert {request.by for request in world.line.runs.values()} == {
        "the schedule 'first'",
        "the schedule 'second'",
    }


def test_several_workers_start_it_once(world: World) -> None:
    world.entry("brief", AT_SIX)
    workers = [world.worker(name) for name in ("w1", "w2", "w3")]
    for worker in workers:
        worker.ticks(FIVE)
    world.now = FIVE + HOUR
    works = [work for worker in workers for work in worker.looks()]

    assert len(works) == 3
    assert len([done for work in works if (done := work(world.now)) is not None]) == 1
    assert world.runs() == [("brief", "schedule")]


def test_a_schedule_that_is_new_makes_up_for_nothing(world: World) -> None:
    world.entry("brief", AT_SIX)
    world.worker().ticks(FIVE + 2 * HOUR)

    assert world.became() == []


def test_a_time_that_passed_without_a_worker_is_made_up_for_by_the_next(world: World) -> None:
    world.entry("brief", AT_SIX)
    world.worker().ticks(FIVE)
    world.worker("w2").ticks(FIVE + 50 * HOUR)

    assert world.became() == [
        ("missed", "2 times passed while no worker was there; this was the last"),
        ("started", ""),
    ]


def test_a_changed_schedule_counts_from_its_change(world: World) -> None:
    world.entry("brief", AT_SIX)
    worker = world.worker()
    worker.ticks(FIVE)
    world.entry("brief", AT_SIX.replace("0 6", "30 4"))
    worker.ticks(FIVE + MINUTE, FIVE + 2 * HOUR)
    assert world.runs() == []
    worker.ticks(FIVE + 23.5 * HOUR)

    assert world.runs() == [("brief", "schedule")]


def test_what_is_switched_off_or_taken_away_starts_no_more(world: World) -> None:
    world.entry("brief", AT_SIX)
    worker = world.worker()
    worker.ticks(FIVE)
    world.entry("brief", "risk_level: limited\n")
    worker.ticks(FIVE + HOUR)
    world.entry("brief", AT_SIX.replace("cron", "enabled: false, cron"))
    worker.ticks(FIVE + 25 * HOUR)

    assert world.became() == []


def _problem() -> InvalidPlanError:
    return InvalidPlanError(
        "brief", [Problem(Span("crews/brief.yaml", 3, 7), "unknown-task", "no task 'wirte'")]
    )


def test_a_start_that_cannot_be_planned_is_kept_with_its_problems(world: World) -> None:
    world.entry("brief", AT_SIX)
    world.entry("other", AT_SIX)
    world.line.wrong["brief"] = _problem()
    world.worker().ticks(FIVE, FIVE + HOUR)

    assert world.became() == [("failed", "crews/brief.yaml:3:7: no task 'wirte' [unknown-task]")]
    assert world.runs() == [("other", "schedule")]


def test_a_bug_in_planning_one_crew_silences_no_other(world: World) -> None:
    for crew in ("brief", "other"):
        world.entry(crew, AT_SIX)
    world.line.wrong["brief"] = ZeroDivisionError("division by zero")
    world.worker().ticks(FIVE, FIVE + HOUR)

    assert world.became() == [("failed", "this is a bug in crewctl: ZeroDivisionError: division by zero")]
    assert world.runs() == [("other", "schedule")]


@pytest.mark.parametrize("broken", ["schedule: {cron: nonsense}\n", "owner: [not text]\n", "a: b: c\n"])
def test_a_slip_in_an_entry_does_not_silence_its_schedule(world: World, broken: str) -> None:
    """Neither for the worker that knew the schedule nor for one that comes after."""
    world.entry("brief", AT_SIX)
    world.line.wrong["brief"] = _problem()
    worker = world.worker()
    worker.ticks(FIVE)
    world.entry("brief", broken)
    worker.ticks(FIVE + HOUR)
    world.worker("w2").ticks(FIVE + 25 * HOUR)

    assert [state for state, _ in world.became()] == ["failed", "failed"]


def test_while_a_run_goes_on_the_next_start_is_skipped_queued_or_allowed(world: World) -> None:
    for crew, overlap in (("skips", "skip"), ("queues", "queue"), ("allows", "allow")):
        world.entry(
            crew, f'schedule: {{cron: "*/10 * * * *", overlap: {overlap}, inputs: {{company: Acme}}}}\n'
        )
    worker = world.worker()
    worker.ticks(FIVE, FIVE + 10 * MINUTE, FIVE + 20 * MINUTE)

    assert [state for state, _ in world.became("skips")] == ["started", "skipped"]
    assert [state for state, _ in world.became("queues")] == ["started", "held"]
    assert [state for state, _ in world.became("allows")] == ["started", "started"]
    assert world.became("skips")[1][1].endswith(" of this schedule goes on")

    world.line.going.clear()
    worker.ticks(FIVE + 21 * MINUTE)
    assert [state for state, _ in world.became("queues")] == ["started", "started"]
    assert [state for state, _ in world.became("skips")] == ["started", "skipped"]


def test_a_run_that_goes_on_for_long_is_not_forgotten_over_all_that_was_skipped(world: World) -> None:
    world.entry("brief", 'schedule: {cron: "* * * * *", inputs: {company: Acme}}\n')
    world.worker().ticks(*(FIVE + n * MINUTE for n in range(70)))

    assert len(world.runs()) == 1
    assert [state for state, _ in world.became()] == ["started"] + 68 * ["skipped"]


def test_a_queue_of_starts_keeps_its_order(world: World) -> None:
    world.entry("brief", 'schedule: {cron: "*/10 * * * *", overlap: queue, inputs: {company: Acme}}\n')
    worker = world.worker()
    worker.ticks(*(FIVE + n * 10 * MINUTE for n in range(4)))
    assert [state for state, _ in world.became()] == ["started", "held", "held"]
    world.line.going.clear()
    worker.ticks(FIVE + 31 * MINUTE)

    assert [state for state, _ in world.became()] == ["started", "started", "held"]


def test_of_a_queue_only_the_first_is_looked_at_and_told_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.entry("brief", 'schedule: {cron: "*/10 * * * *", overlap: queue, inputs: {company: Acme}}\n')
    worker = world.worker()
    worker.ticks(*(FIVE + n * 10 * MINUTE for n in range(6)))
    tried: list[str] = []
    take_over = world.starts.take_over

    def watched(start: Start, worker: str, now: datetime) -> bool:
        tried.append(start.key)
        return take_over(start, worker, now)

    monkeypatch.setattr(world.starts, "take_over", watched)
    told = [
        start
        for seconds in (10, 20, 30)
        for work in worker.left.works(FIVE + HOUR + seconds * SECOND)
        if (start := work(FIVE + HOUR + seconds * SECOND)) is not None
    ]

    assert [state for state, _ in world.became()] == ["started", *4 * ["held"]]
    assert tried == 3 * ["schedule:brief:main:2026-03-02T05:20:00Z"]
    assert told == []


def test_people_who_have_too_much_to_decide_hold_back_schedules(world: World) -> None:
    world.entry("brief", AT_SIX)
    world.line.full = "9 cards wait, and 8 may"
    worker = world.worker()
    worker.ticks(FIVE, FIVE + HOUR, FIVE + HOUR + 10 * SECOND)
    assert world.became() == [("held", "9 cards wait, and 8 may")]
    world.line.full = ""
    worker.ticks(FIVE + HOUR + 20 * SECOND, FIVE + HOUR + 30 * SECOND)

    assert world.became() == [("started", "")]
    assert len(world.runs()) == 1


def test_the_least_risky_crew_is_started_first(world: World) -> None:
    for crew, level in (("a", "high"), ("b", "limited"), ("c", "minimal")):
        world.entry(crew, f"risk_level: {level}\n{AT_SIX}")
    world.worker().ticks(FIVE, FIVE + HOUR)

    assert [crew for crew, _ in world.runs()] == ["c", "b", "a"]


def test_a_paused_crew_starts_nothing_and_makes_up_for_nothing(world: World) -> None:
    world.entry("brief", AT_SIX)
    worker = world.worker()
    worker.ticks(FIVE)
    world.memory.pause("brief", Pause("ada", FIVE, "the supplier is on holiday"))
    worker.ticks(FIVE + HOUR, FIVE + 2 * HOUR)
    assert world.became() == []
    world.memory.resume("brief", FIVE + 3 * HOUR)
    worker.ticks(FIVE + 3 * HOUR, FIVE + 25 * HOUR)

    assert world.became() == [("started", "")]


def test_when_people_have_caught_up_one_goes_on_at_a_time_the_riskiest_last(world: World) -> None:
    for crew, level in (("a", "high"), ("b", "limited"), ("c", "minimal")):
        world.entry(crew, f"risk_level: {level}\n{AT_SIX}")
    world.line.full = "9 cards wait, and 8 may"
    worker = world.worker()
    worker.ticks(FIVE, FIVE + HOUR)
    world.line.full = ""
    going = []
    for seconds in (10, 20, 30):
        worker.ticks(FIVE + HOUR + seconds * SECOND)
        going.append([crew for crew, _ in world.runs()])

    assert going == [["c"], ["c", "b"], ["c", "b", "a"]]


def test_a_worker_with_other_files_makes_nobody_forget_a_start(world: World) -> None:
    world.entry("brief", AT_SIX)
    worker = world.worker()
    worker.ticks(FIVE)
    world.memory.learn([], [], FIVE + MINUTE)
    worker.ticks(FIVE + HOUR, FIVE + HOUR + MINUTE)

    assert world.became() == [("started", "")]
    assert len(world.runs()) == 1


def test_what_was_given_as_an_input_is_told_and_not_kept(world: World) -> None:
    span = Span("crews/brief.yaml", 3, 7)
    unfit = Problem(
        span, "bad-input", "input 'company' takes a whole number, not 'Elena Rossi,\\nVia Roma 1'"
    )
    world.line.wrong["brief"] = InvalidPlanError("brief", [unfit])
    files = _Files(b'{"company": "Elena Rossi"}')

    spooling(world, files)(FIVE)

    assert world.became() == [("failed", "crews/brief.yaml:3:7: input 'company' does not fit [bad-input]")]
    assert "Elena Rossi" in files.aside[0][1]


BY_ADA = "suspended by ada on 2026-03-02 05:00:00 UTC: it wrote to people who had said no"


def test_a_suspended_crew_is_skipped_with_the_reason_and_makes_no_run(world: World) -> None:
    """Its gate would refuse every one of them, at every time anew."""
    world.entry("brief", 'schedule: {cron: "*/10 * * * *", overlap: queue, inputs: {company: Acme}}\n')
    world.entry("news", "risk_level: limited\n")
    world.entry("mail", "on: {crew: news, inputs: {company: Acme}}\n")
    world.line.nobody_runs = {"brief": BY_ADA, "mail": BY_ADA}
    worker = world.worker()
    worker.ticks(FIVE, FIVE + 10 * MINUTE)
    world.ends("r1", "news")
    worker.ticks(FIVE + 20 * MINUTE)

    assert world.became() == 2 * [("skipped", BY_ADA)]
    assert world.became("mail") == [("skipped", BY_ADA)]
    assert world.runs() == []
    world.line.nobody_runs = {}
    worker.ticks(FIVE + 30 * MINUTE)
    assert world.runs() == [("brief", "schedule")]


def test_what_was_held_back_when_its_crew_was_suspended_is_skipped_too(world: World) -> None:
    world.entry("brief", AT_SIX)
    world.line.full = "9 cards wait, and 8 may"
    worker = world.worker()
    worker.ticks(FIVE, FIVE + HOUR)
    world.line.nobody_runs = {"brief": BY_ADA}
    worker.ticks(FIVE + HOUR + 10 * SECOND)

    assert world.became() == [("skipped", BY_ADA)]


def test_files_for_a_suspended_crew_are_left_to_the_gate(world: World) -> None:
    """A person waits for an answer, and finds it in the run."""
    world.line.nobody_runs = {"brief": BY_ADA}

    spooling(world, _Files(b'{"company": "Acme"}'))(FIVE)

    assert world.runs() == [("brief", "spool")]


class _Dies(BaseException):
    """The worker's process is killed."""


@pytest.mark.parametrize("before", ["plan", "enqueue", "settle"])
def test_a_start_whose_worker_died_in_the_middle_is_made_up_for_once(
    world: World, before: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.entry("brief", AT_SIX)
    worker = world.worker()
    worker.ticks(FIVE)

    def dies(*_: object) -> Any:
        raise _Dies

    with monkeypatch.context() as patch:
        patch.setattr(world.starts if before == "settle" else world.line, before, dies)
        with pytest.raises(_Dies):
            worker.ticks(FIVE + HOUR)
    assert [state for state, _ in world.became()] == ["claimed"]
    second = world.worker("w2")
    second.ticks(FIVE + HOUR + 30 * SECOND)
    assert [state for state, _ in world.became()] == ["claimed"]
    second.ticks(FIVE + HOUR + 90 * SECOND)
    world.worker("w3").ticks(FIVE + HOUR + 180 * SECOND)

    assert world.became() == [("started", "")]
    assert len(world.runs()) == 1


def test_a_database_that_goes_away_loses_no_start(world: World) -> None:
    world.entry("brief", AT_SIX)
    world.line.wrong["brief"] = LostDatabaseError("the database is gone")
    worker = world.worker()
    worker.ticks(FIVE)
    with pytest.raises(LostDatabaseError):
        worker.ticks(FIVE + HOUR)
    world.line.wrong.clear()
    worker.ticks(FIVE + HOUR + 2 * MINUTE)

    assert world.became() == [("started", "")]


def test_what_cannot_be_kept_is_tried_again_and_stops_nobody(world: World) -> None:
    for crew in ("brief", "other"):
        world.entry(crew, AT_SIX)
    world.line.wrong["brief"] = StoreError("the disk is full")
    worker = world.worker()
    worker.ticks(FIVE, FIVE + HOUR)
    assert world.runs() == [("other", "schedule")]
    world.line.wrong.clear()
    worker.ticks(FIVE + HOUR + 2 * MINUTE)

    assert world.became() == [("started", "")]


ON_NEWS = 'on: {crew: news, inputs: {company: "{inputs.company} ({inputs.year}): {output}"}}\n'


def set_up_trigger(world: World, said: str = ON_NEWS) -> Worker:
    world.entry("news", "risk_level: limited\n")
    world.entry("brief", said)
    worker = world.worker()
    worker.ticks(FIVE)
    return worker


def test_a_run_that_ends_sets_off_the_crew_that_waits_for_it_once(world: World) -> None:
    worker = set_up_trigger(world)
    world.ends("r1", "news", output="All {inputs.year} is well")
    for minute in range(5):
        worker.ticks(FIVE + minute * MINUTE)
        world.worker(f"new-{minute}").ticks()

    assert world.runs() == [("brief", "trigger")]
    # What an output says in braces is never taken for a placeholder.
    assert world.line.inputs["run-1"] == {"company": "Acme (2026): All {inputs.year} is well"}
    assert world.line.runs["run-1"].of == "r1"


def test_whoever_asked_for_a_run_stands_behind_what_it_sets_off(world: World) -> None:
    """Otherwise four eyes could be walked around: by asking for a run whose end starts the one that is meant."""
    worker = set_up_trigger(world)
    world.ends("r1", "news", by="grace")
    world.ends("r2", "news", source="schedule", by="the schedule 'main'")
    worker.ticks(FIVE + MINUTE)

    assert [(request.by, request.source, request.of) for request in world.line.runs.values()] == [
        ("grace", "trigger", "r1"),
        ("the schedule 'main'", "trigger", "r2"),
    ]


def test_while_a_run_goes_on_the_next_one_set_off_is_made_skipped_or_queued(world: World) -> None:
    world.entry("news", "risk_level: limited\n")
    for crew, overlap in (("says-nothing", ""), ("skips", ", overlap: skip"), ("queues", ", overlap: queue")):
        world.entry(crew, f"on: {{crew: news, inputs: {{company: Acme}}{overlap}}}\n")
    worker = world.worker()
    worker.ticks(FIVE)
    for number in range(3):
        world.ends(f"r{number}", "news")  # all in the same moment
    worker.ticks(FIVE + MINUTE)

    assert [state for state, _ in world.became("says-nothing")] == ["started", "started", "started"]
    assert [state for state, _ in world.became("skips")] == ["started", "skipped", "skipped"]
    assert [state for state, _ in world.became("queues")] == ["started", "held", "held"]
    assert world.became("skips")[1][1].endswith(" of this trigger goes on")
    world.line.going.clear()
    worker.ticks(FIVE + 2 * MINUTE)
    assert [state for state, _ in world.became("queues")] == ["started", "started", "held"]
    world.line.going.clear()
    worker.ticks(FIVE + 3 * MINUTE)
    assert [state for state, _ in world.became("queues")] == ["started", "started", "started"]


def test_an_ending_that_is_found_late_waits_for_what_a_later_one_set_off(world: World) -> None:
    worker = set_up_trigger(world, "on: {crew: news, overlap: queue, inputs: {company: Acme}}\n")
    world.begins("r1", "news")
    world.ends("r2", "news")
    world.closes("r1")  # its number is lower, so it is found first
    first, second = worker.looks()
    second(FIVE)
    first(FIVE)

    assert [(start.of, start.state) for start in world.starts.latest("brief", 9)] == [
        ("r2", "started"),
        ("r1", "held"),
    ]


def test_a_trigger_that_was_known_before_it_had_an_overlap_has_not_changed(world: World) -> None:
    """Or a new crewctl would overlook every run that ended while it was put in place."""
    said = '{"crew": "news", "inputs": {"company": "Acme"}, "outcome": "finished"}'
    world.memory.learn([Known("trigger", "brief", "news finished", said)], [], FIVE - HOUR)
    world.entry("news", "risk_level: limited\n")
    world.entry("brief", "on: {crew: news, inputs: {company: Acme}}\n")
    world.worker().ticks(FIVE)

    memory = world.memory.of("trigger", "brief", "news finished")
    assert memory is not None
    assert memory.since == FIVE - HOUR


@pytest.mark.parametrize(
    ("outcome", "asked"),
    [
        ("failed", {}),
        ("stopped", {}),
        ("finished", {"rehearsal": True}),
        ("finished", {"source": "replay", "of": "r0"}),
        ("finished", {"rejudges": "r0"}),
    ],
)
def test_other_endings_rehearsals_and_replays_set_nothing_off(
    world: World, outcome: str, asked: dict[str, Any]
) -> None:
    worker = set_up_trigger(world)
    world.ends("r1", "news", outcome, **asked)
    worker.ticks(FIVE + MINUTE)

    assert world.became() == []


def test_a_run_that_ended_before_the_trigger_was_there_sets_nothing_off(world: World) -> None:
    world.ends("r1", "news")
    world.begins("r2", "news")
    world.now = FIVE + MINUTE
    worker = set_up_trigger(world)
    world.now = FIVE + HOUR
    world.closes("r2")
    worker.ticks(FIVE + HOUR)

    assert [start.of for start in world.starts.latest("brief", 9)] == ["r2"]


def test_runs_that_ended_while_no_worker_was_there_are_found_by_the_next(world: World) -> None:
    set_up_trigger(world)
    for number in range(3):
        world.now = FIVE + number * HOUR
        world.ends(f"r{number}", "news")
    world.worker("w2").ticks(FIVE + 9 * HOUR)

    assert [start.of for start in world.starts.latest("brief", 9)] == ["r2", "r1", "r0"]


def test_a_worker_that_dies_before_it_claims_loses_no_ending(world: World) -> None:
    worker = set_up_trigger(world)
    world.ends("r1", "news")
    world.now = FIVE + MINUTE
    assert len(worker.looks()) == 1  # found, and never carried out
    world.worker("w2").ticks(FIVE + 2 * MINUTE)

    assert world.runs() == [("brief", "trigger")]


def test_an_output_that_was_erased_is_a_start_that_failed(world: World) -> None:
    worker = set_up_trigger(world)
    world.ends("r1", "news")
    world.contents.erase("r1")
    worker.ticks(FIVE + MINUTE)

    (state, note), *_ = world.became()
    assert state == "failed"
    assert "cannot be read any more" in note


def test_a_placeholder_that_is_all_of_an_input_keeps_its_type(world: World) -> None:
    worker = set_up_trigger(world, 'on: {crew: news, inputs: {company: "{inputs.year}"}}\n')
    world.ends("r1", "news")
    worker.ticks(FIVE + MINUTE)

    assert world.line.inputs["run-1"] == {"company": 2026}


def test_a_trigger_of_a_paused_crew_says_so_and_one_held_back_comes_later(world: World) -> None:
    worker = set_up_trigger(world)
    world.memory.pause("brief", Pause("ada", FIVE, "holiday"))
    world.ends("r1", "news")
    worker.ticks(FIVE + MINUTE)
    assert world.became() == [("skipped", "paused by ada: holiday")]
    world.memory.resume("brief", FIVE + MINUTE)
    world.line.full = "too many cards"
    world.ends("r2", "news", output="later")
    worker.ticks(FIVE + 2 * MINUTE)
    world.line.full = ""
    worker.ticks(FIVE + 3 * MINUTE)

    assert world.became()[1:] == [("started", "")]
    assert world.line.inputs["run-1"] == {"company": "Acme (2026): later"}


class _Files:
    """The Files port over lists."""

    def __init__(self, *content: bytes) -> None:
        self.waiting = [
            Dropped("brief", f"{n}.json", f"token{n}", each, by="bob") for n, each in enumerate(content)
        ]
        self.aside: list[tuple[str, str]] = []
        self.lost: list[Dropped] = []
        self.was_read: list[str] = []

    def crews(self) -> list[str]:
        return ["brief"]

    def take(self, _: str) -> list[Dropped]:
        taken, self.waiting = self.waiting, []
        return taken

    def left(self, _: str) -> list[Dropped]:
        return [replace(each, content=b"", by="") for each in self.lost]

    def read(self, dropped: Dropped) -> Dropped:
        self.was_read.append(dropped.name)
        return next(each for each in self.lost if each.token == dropped.token)

    def done(self, dropped: Dropped) -> None:
        self.aside.append((dropped.name, ""))

    def failed(self, dropped: Dropped, problem: str) -> None:
        self.aside.append((dropped.name, problem))


def spooling(world: World, files: Any) -> Callable[[datetime], list[Start]]:
    duty = ByFiles(files, StartRooms(world.starts, world.line, "w1"))
    return lambda now: [start for work in duty.works(now) if (start := work(now)) is not None]


def test_a_dropped_file_starts_its_crew_with_what_it_holds(world: World) -> None:
    files = _Files(json.dumps({"company": "Acme"}).encode())

    spooling(world, files)(FIVE)

    assert world.runs() == [("brief", "spool")]
    assert world.line.runs["run-1"].by == "bob"  # whose file it is
    assert world.line.inputs["run-1"] == {"company": "Acme"}
    assert files.aside == [("0.json", "")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "not JSON"),
        (b"[1]", "not a JSON object"),
        (b'{"company": {"a": 1}}', "neither text, a number, true nor false"),
        (b'{"company": "a", "company": "b"}', "stands twice"),
        (b'{"company": NaN}', "no number of JSON"),
        (b'{"company": "\xff"}', "not UTF-8"),
        (b"[" * 100_000, "not JSON"),
    ],
)
def test_a_file_that_says_nothing_useful_is_laid_aside_with_the_reason(
    world: World, content: bytes, said: str
) -> None:
    files = _Files(content)

    spooling(world, files)(FIVE)

    assert world.runs() == []
    ((_, problem),) = files.aside
    assert said in problem


def test_a_file_for_a_crew_that_is_not_there_fails(world: World) -> None:
    world.line.wrong["brief"] = NotFoundError(
        "there is no crew 'brief'", help="see the crews with: crewctl list"
    )
    files = _Files(b"{}")

    spooling(world, files)(FIVE)

    assert "there is no crew 'brief'; see the crews" in files.aside[0][1]


def test_a_database_that_is_busy_fails_no_file(world: World) -> None:
    files = _Files(b'{"company": "Acme"}')
    files.lost = list(files.waiting)
    world.line.wrong["brief"] = StoreError("the database is busy")
    spooling(world, files)(FIVE)
    assert (world.became(), files.aside) == ([("claimed", "")], [])
    world.line.wrong.clear()
    spooling(world, files)(FIVE + MINUTE)

    assert world.runs() == [("brief", "spool")]
    assert set(files.aside) == {("0.json", "")}


def test_a_file_whose_worker_died_is_started_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    files = _Files(b'{"company": "Acme"}')
    files.lost = list(files.waiting)

    def dies(*_: object) -> Any:
        raise _Dies

    with monkeypatch.context() as patch:
        patch.setattr(world.starts, "settle", dies)
        with pytest.raises(_Dies):
            spooling(world, files)(FIVE)
    for minute in range(1, 4):
        spooling(world, files)(FIVE + minute * MINUTE)

    assert len(world.runs()) == 1
    assert {name for name, problem in files.aside if not problem} == {"0.json"}


def test_a_folder_that_cannot_be_used_is_noted_once_and_stops_nobody(world: World) -> None:
    files = _Files(b'{"company": "Acme"}')

    def unusable(crew: str) -> list[Dropped]:
        if crew == "linked":
            raise StoreError("the folder is a link")
        return _Files.take(files, crew)

    files.crews = lambda: ["linked", "brief"]  # type: ignore[method-assign]
    files.take = unusable  # type: ignore[method-assign]
    duty = spooling(world, files)
    duty(FIVE)
    duty(FIVE + MINUTE)

    assert world.became("linked") == [("failed", "the folder is a link")]
    assert world.runs() == [("brief", "spool")]


def test_a_file_that_is_held_back_stays_where_it_lies_until_it_may_start(world: World) -> None:
    files = _Files(b'{"company": "Acme"}')
    files.lost = list(files.waiting)
    world.line.full = "too many cards"
    spooling(world, files)(FIVE)
    assert (world.became(), files.aside) == ([("held", "too many cards")], [])
    world.line.full = ""
    spooling(world, files)(FIVE + MINUTE)

    assert world.runs() == [("brief", "spool")]
    assert ("0.json", "") in files.aside


def test_files_that_are_held_back_are_neither_read_nor_written_down_nor_told_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = _Files(*3 * [b'{"company": "Acme"}'])
    dropped = list(files.waiting)
    world.line.full = "too many cards"
    duty = spooling(world, files)
    assert [start.state for start in duty(FIVE)] == ["held", "held", "held"]
    files.lost = dropped
    settled: list[str] = []
    settle = world.starts.settle

    def watched(start: Start, now: datetime) -> None:
        settled.append(start.key)
        settle(start, now)

    monkeypatch.setattr(world.starts, "settle", watched)
    for seconds in range(10, 100, 10):
        assert duty(FIVE + seconds * SECOND) == []
    assert (files.was_read, settled) == ([], [])

    world.line.full = ""
    assert [start.state for start in duty(FIVE + 2 * MINUTE)] == ["started", "started", "started"]
    assert files.was_read == ["0.json", "1.json", "2.json"]
    assert {request.by for request in world.line.runs.values()} == {"bob"}


def test_a_worker_that_comes_later_says_once_what_is_held_back(world: World) -> None:
    files = _Files(b'{"company": "Acme"}')
    dropped = list(files.waiting)
    world.line.full = "too many cards"
    spooling(world, files)(FIVE)
    files.lost = dropped
    duty = spooling(world, files)

    assert [len(duty(FIVE + minute * MINUTE)) for minute in (2, 3, 4)] == [1, 0, 0]
    assert files.was_read == ["0.json"]


def test_a_trigger_can_wait_for_every_outcome_that_a_run_can_have() -> None:
    assert set(get_args(EndedAs)) == set(get_args(Outcome))
