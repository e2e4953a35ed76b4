"""A run with a tool that writes into a ledger outside, on real processes and a real database."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from crewctl.adapters.engine_context import RunContext
from crewctl.adapters.file_content_store import FileContentStore
from crewctl.adapters.sql_ledger import SqlLedger
from crewctl.adapters.sql_run_store import SqlRunStore
from crewctl.adapters.sqlite_database import SqliteDatabase
from crewctl.adapters.system_clock import SystemClock
from crewctl.adapters.warm_zygote import WarmZygote
from crewctl.adapters.zygote_engine import ZygoteEngine
from crewctl.audit.cards import CardState, fold_cards
from crewctl.audit.events import Event
from crewctl.audit.events_people import CardAction, CardAnswered
from crewctl.planning.digest import canonical
from crewctl.planning.plan import Plan
from crewctl.processes.attempts import attempted
from crewctl.processes.rooms import ProcessRooms
from crewctl.registry.tool_gate import PlannedToolGate
from crewctl.running.cards import desk_of
from crewctl.running.meter import Meter, caps_of
from crewctl.running.port import ContextOutput, StepResult, Suspended, TaskWork
from crewctl.testing.model_server import ModelServer
from crewctl.testing.model_server_behaviours import Behaviour
from crewctl.testing.model_server_exchange import Answer, Asked, Reply, ToolCall
from crewctl.testing.small_plans import small_agent, small_model, small_plan, small_tool

RUN = "r-1"
STEP = "1.draft"
ENVIRON = {"PATH": "/usr/bin:/bin"}

SEND_LETTER = '''
import json, os, signal
from pathlib import Path
from crewai.tools import tool
from crewctl.tools import idempotency_key

@tool("send_letter")
def send_letter(to: str, text: str, copies: int = 1) -> str:
    """Send a letter."""
    given = json.dumps({"to": to, "text": text, "copies": copies},
                       sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    with open("LEDGER", "a", encoding="utf-8") as ledger:
        ledger.write(f"{idempotency_key()} {given}\\n")
    AFTERWARDS
    return f"sent to {to}"
'''


def sending(*letters: dict[str, Any], together: bool = False, thinks: float = 0.0) -> Behaviour:
    """Send these letters, one after another or side by side, and then say what was heard of each."""

    def answer(asked: Asked) -> Reply:
        done = len(asked.tool_results)
        if done < len(letters):
            now = letters if together else letters[done : done + 1]
            return Answer(tool_calls=tuple(ToolCall("send_letter", each) for each in now), delay=thinks)
        return Answer("HEARD " + " | ".join(asked.tool_results))

    return answer


@dataclass
class Letters:
    """One run whose step is attempted again and again, as it is after every wait and crash."""

    plan: Plan
    folder: Path
    warm: WarmZygote
    server: ModelServer | None = None

    def __post_init__(self) -> None:
        self.database = SqliteDatabase(self.folder / "crewctl.db")
        self.store = SqlRunStore(self.database)
        self.contents = FileContentStore(self.folder)
        self.ledger = self.folder / "ledger.txt"

    def writes(self, *letters: dict[str, Any], together: bool = False, thinks: float = 0.0) -> None:
        """Have the model send these letters from now on, after so many seconds each, and then say what it heard."""
        assert self.server is not None
        self.server.behave("writes", sending(*letters, together=together, thinks=thinks))

    @contextmanager
    def engine(self) -> Iterator[ZygoteEngine]:
        """Give what a process has that takes the run up: an engine and a gate that know nothing but the account."""
        meter = Meter(SqlLedger(self.database), RUN, caps_of(self.plan.limits))
        clock = SystemClock()
        run = RunContext(
            run_id=RUN,
            store=self.store,
            contents=self.contents,
            meter=meter,
            clock=clock,
            work_dir=self.folder / "run",
            environ=ENVIRON,
            tools=PlannedToolGate(self.plan, desk_of(self.plan, RUN, self.store, self.contents, clock)),
        )
        with ZygoteEngine(canonical(self.plan), self.plan, run, warm=self.warm) as engine:
            yield engine

    def attempt(self, *, context: str = "") -> StepResult:
        """Do the step in a process of its own."""
        with self.engine() as engine:
            before = (ContextOutput(task="before", raw=context),) if context else ()
            return engine.run_task(TaskWork(step=STEP, task="draft", context=before))

    def taken_up(self, *, timeout: float) -> StepResult | None:
        """Do the step as whoever takes the run up does; None where it waits for an answer."""
        with self.engine() as engine:
            rooms = ProcessRooms(RUN, engine, self.store, self.contents)
            try:
                return attempted(self.plan, rooms, TaskWork(step=STEP, task="draft", timeout=timeout))
            except Suspended:
                return None

    def sent(self) -> list[tuple[str, str]]:
        """Return the key and the arguments of every letter that was sent."""
        if not self.ledger.exists():
            return []
        lines = self.ledger.read_text(encoding="utf-8").splitlines()
        return [(line.partition(" ")[0], line.partition(" ")[2]) for line in lines]

    def cards(self) -> list[CardState]:
        return list(fold_cards(self.store.events_of(RUN)))

    def subject(self, card: CardState) -> str:
        assert card.opened.subject is not None
        return self.contents.get(card.opened.subject).decode()

    def answer(self, action: CardAction, text: str | None = None, reason: str = "") -> None:
        """Answer the latest card that has no answer yet, as a person would."""
        card = next(card for card in reversed(self.cards()) if card.answer is None)
        said = None if text is None else text.encode()
        self.store.append(
            RUN,
            CardAnswered(
                card=card.card,
                action=action,
                by="ada",
                reason=reason,
                subject_sha256=card.opened.subject_sha256,
                text=None if said is None else self.contents.put(RUN, said),
                text_sha256="" if said is None else hashlib.sha256(said).hexdigest(),
            ),
        )

    def the(self, kind: str) -> list[Any]:
        """Return the events of one kind."""
        events: list[Event] = [record.event for record in self.store.events_of(RUN)]
        return [event for event in events if event.kind == kind]

    def text(self, result: StepResult) -> str:
        assert result.output is not None, result
        return self.contents.get(result.output).decode()


MakeLetters = Callable[..., Letters]


def letters_plan(
    base_url: str, folder: Path, afterwards: str = "pass", source: str = SEND_LETTER, **given: Any
) -> Plan:
    """Return a plan whose one agent has the tool; `given` says how its calls are to be treated."""
    tool = {"tags": ("sends_data",), "calls": "ask", "effect": True, **given}
    source = source.replace("AFTERWARDS", afterwards).replace("LEDGER", str(folder / "ledger.txt"))
    return small_plan(
        agents=(small_agent("writer", tools=("custom:send_letter",)),),
        models=(small_model(base_url, "writes"),),
        tools=(small_tool("send_letter", **tool),),
        tool_sources={"tools/send_letter.py": source},
    )


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarmZygote]:
    made = WarmZygote(tmp_path_factory.mktemp("zygote"), ENVIRON, tools=False)
    yield made
    made.close()


@pytest.fixture
def letters(tmp_path: Path, server: ModelServer, warm: WarmZygote) -> Iterator[MakeLetters]:
    with ExitStack() as stack:

        def make(arguments: Sequence[dict[str, Any]], afterwards: str = "pass", **given: Any) -> Letters:
            plan = letters_plan(server.base_url, tmp_path, afterwards, **given)
            made = Letters(plan, tmp_path, warm, server)
            made.writes(*arguments)
            stack.callback(made.database.close)
            return made

        yield make
