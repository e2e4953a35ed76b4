"""A room in which real children do whole processes on a model server that fails."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crewctl.adapters.engine_context import RunContext
from crewctl.adapters.sql_breakers import SqlBreakers
from crewctl.adapters.sqlite_database import SqliteDatabase
from crewctl.adapters.system_clock import SystemClock
from crewctl.adapters.warm_zygote import WarmZygote
from crewctl.adapters.zygote_engine import ZygoteEngine
from crewctl.audit.events import Event
from crewctl.planning.digest import canonical
from crewctl.planning.plan import Plan
from crewctl.processes.outcome import Outcome
from crewctl.processes.rooms import ProcessRooms
from crewctl.processes.run_process import run_process
from crewctl.running.breaker import Breaker
from crewctl.running.meter import Meter, caps_of
from crewctl.running.stop import StopFlag
from crewctl.testing.fake_store import FakeContentStore, FakeRunStore
from crewctl.testing.memory_ledger import MemoryLedger
from crewctl.testing.memory_steps import MemorySteps
from crewctl.testing.model_server import ModelServer

RUN = "run-1"


@dataclass
class Done:
    """What a run came to."""

    outcome: Outcome
    store: FakeRunStore
    contents: FakeContentStore
    ledger: MemoryLedger
    seconds: float

    def kinds(self) -> list[str]:
        return [event.kind for event in self.store.events(RUN)]

    def of(self, *kinds: type[Event]) -> list[Event]:
        return [event for event in self.store.events(RUN) if isinstance(event, kinds)]

    def text(self) -> str:
        return self.contents.text(self.outcome.output)


@dataclass
class FaultyRoom:
    """Runs plans one after another; breakers are kept from one to the next, as between runs of a project."""

    folder: Path
    server: ModelServer
    warm: WarmZygote
    stop: StopFlag
    runs: int = 0

    def run(self, plan: Plan, *, before: Callable[[RunContext], None] | None = None) -> Done:
        self.runs += 1
        store, contents, ledger = FakeRunStore(lambda: datetime.now(UTC)), FakeContentStore(), MemoryLedger()
        breakers = SqlBreakers(SqliteDatabase(self.folder / ".crewctl/crewctl.db"))
        context = RunContext(
            run_id=RUN,
            store=store,
            contents=contents,
            meter=Meter(ledger, RUN, caps_of(plan.limits)),
            clock=SystemClock(),
            work_dir=self.folder / f"run-{self.runs}",
            environ={"PATH": os.environ["PATH"]},
            stop=self.stop,
            breaker=None if plan.breaker is None else Breaker(breakers, plan.breaker, RUN, store),
        )
        if before is not None:
            before(context)
        began = time.monotonic()
        with ZygoteEngine(canonical(plan), plan, context, warm=self.warm) as engine:
            rooms = ProcessRooms(RUN, engine, store, contents, clock=SystemClock())
            outcome = run_process(plan, rooms, MemorySteps())
        return Done(outcome, store, contents, ledger, time.monotonic() - began)


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarmZygote]:
    made = WarmZygote(tmp_path_factory.mktemp("zygote"), {"PATH": os.environ["PATH"]}, tools=False)
    yield made
    made.close()


@pytest.fixture
def room(tmp_path: Path, server: ModelServer, warm: WarmZygote) -> FaultyRoom:
    return FaultyRoom(tmp_path, server, warm, StopFlag())
