"""A run around a real zygote whose children do what a test tells them."""

from __future__ import annotations

import os
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crewctl.adapters.engine_context import RunContext
from crewctl.adapters.system_clock import SystemClock
from crewctl.adapters.zygote_engine import ZygoteEngine
from crewctl.audit.events import Event
from crewctl.planning.digest import canonical
from crewctl.planning.plan import EffectiveLimit, EffectiveLimits, Plan, PlannedModel
from crewctl.running.meter import Meter, caps_of
from crewctl.running.port import Message, ModelCall, StepResult, TaskWork
from crewctl.running.stop import StopFlag
from crewctl.testing.fake_store import FakeContentStore, FakeRunStore
from crewctl.testing.memory_ledger import MemoryLedger
from crewctl.testing.small_plans import small_model, small_plan

CHILD = str(Path(__file__).with_name("obedient_child.py"))
RUN = "r-1"


@dataclass
class Bench:
    """An engine, and what it wrote."""

    engine: ZygoteEngine
    run: RunContext
    store: FakeRunStore
    contents: FakeContentStore
    ledger: MemoryLedger
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 10_000)))

    @contextmanager
    def taken_up(self, plan: Plan) -> Iterator[Bench]:
        """Take the run up as another process does, which knows nothing but the account."""
        self.store.take(RUN, "w")
        run = replace(self.run, meter=Meter(self.ledger, RUN, caps_of(plan.limits)), stop=StopFlag())
        with ZygoteEngine(canonical(plan), plan, run, child=CHILD) as engine:
            yield replace(self, engine=engine, run=run)

    def do(self, source: str, step: str = "") -> StepResult:
        """Have a child execute `source`."""
        call = ModelCall(
            step=step or f"step/{next(self.numbers)}",
            agent="writer",
            model="m",
            purpose="judge",
            messages=(Message(role="user", content=textwrap.dedent(source)),),
        )
        return self.engine.run_call(call)

    def task(self, agent: str | None = None, step: str = "") -> StepResult:
        """Have real CrewAI do the plan's task ``draft``."""
        work = TaskWork(step=step or f"task/{next(self.numbers)}", task="draft", agent=agent)
        return self.engine.run_task(work)

    def events(self) -> list[Event]:
        return self.store.events(RUN)

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events()]

    def text(self, result: StepResult) -> str:
        return self.contents.text(result.output)


MakeBench = Callable[..., Bench]


def limits(**values: float) -> EffectiveLimits:
    return EffectiveLimits(
        **{name: EffectiveLimit(value=value, source="test") for name, value in values.items()}
    )


def plan_with(model: PlannedModel | None = None, **values: float) -> Plan:
    return small_plan(models=(model or small_model(None),), limits=limits(**values))


def make_bench(
    folder: Path, plan: Plan, environ: dict[str, str] | None = None, child: str | None = CHILD
) -> Bench:
    """Make an engine that has not been entered; with `child` None its children run CrewAI."""
    store = FakeRunStore(lambda: datetime.now(UTC))
    contents, ledger = FakeContentStore(), MemoryLedger()
    run = RunContext(
        run_id=RUN,
        store=store,
        contents=contents,
        meter=Meter(ledger, RUN, caps_of(plan.limits)),
        clock=SystemClock(),
        work_dir=folder / "run",
        environ=environ if environ is not None else {"PATH": os.environ["PATH"]},
        stop=StopFlag(),
    )
    return Bench(ZygoteEngine(canonical(plan), plan, run, child=child), run, store, contents, ledger)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[MakeBench]:
    with ExitStack() as stack:

        def make(
            plan: Plan | None = None, environ: dict[str, str] | None = None, child: str | None = CHILD
        ) -> Bench:
            made = make_bench(tmp_path, plan or plan_with(), environ, child)
            stack.enter_context(made.engine)
            return made

        yield make


@pytest.fixture
def marker() -> Iterator[str]:
    """A word for a process's arguments, by which a test finds what is left of it."""
    word = f"crewctl-left-{os.getpid()}-{time.monotonic_ns()}"
    yield word
    assert gone_within(2.0, word), f"processes are left: {alive(word)}"


def alive(word: str) -> list[int]:
    """Return the processes whose arguments hold `word` and that are no zombies."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            arguments = (entry / "cmdline").read_bytes()
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if word.encode() in arguments and state != "Z":
            found.append(int(entry.name))
    return found


def gone_within(seconds: float, word: str) -> bool:
    until = time.monotonic() + seconds
    while alive(word):
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True
