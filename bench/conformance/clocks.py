"""Rows about time: a deadline ends every process, measured to the exit of the command."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from uuid import uuid4

from project import AGENT, TASK, kickoff, model, project, survivors
from row import Row

from crewctl.adapters.sql_run_store import SqlRunStore
from crewctl.adapters.sqlite_database import SqliteDatabase
from crewctl.testing.model_server import ModelServer
from crewctl.testing.model_server_behaviours import script
from crewctl.testing.model_server_exchange import Answer, Hang, ToolCall

LIMIT = 2.0
WITHIN = 0.5
LIMIT_EXIT = 5
CREW = "description: Two tasks.\nprocess: sequential\ntasks: [first, second]\nlimits: {timeout: 2s}\n"
TASKS = TASK.format(name="first", text="Begin.", more="  agent: worker\n") + TASK.format(
    name="second", text="Go on.", more="  agent: worker\n  tools: [custom:linger]\n"
)
LINGER = '''"""A tool that leaves a process behind, in a session of its own, deaf to SIGTERM."""

import subprocess
import sys

from crewai.tools import tool


@tool("linger")
def linger(question: str) -> str:
    """Start something that does not want to end."""
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(3600)"
    subprocess.Popen([sys.executable, "-c", code, "MARKER"], start_new_session=True)
    return "started"
'''


def clock_rows(word: str, *, bare: bool) -> Iterator[Row]:
    """Yield a row for each way to hang: how long past the deadline, what survived, what was kept."""
    answer, hang = Answer("A first note."), Hang()
    linger = Answer(tool_calls=(ToolCall("linger", {"question": "now"}),))
    cases = {
        "model never answers": ((answer, hang), False),
        "model never answers, streaming": ((answer, hang), True),
        "model stops half-way through an answer": ((answer, Hang(after_headers=True)), False),
        "grandchild in its own session, deaf to TERM": ((answer, linger, hang), False),
    }
    for name, (replies, stream) in cases.items():
        if word in name:
            yield _row(name, replies, stream=stream, bare=bare)


def _row(name: str, replies: tuple[Answer | Hang, ...], *, stream: bool, bare: bool) -> Row:
    marker = f"marker-{uuid4().hex}"
    with ModelServer() as server:
        server.behave("hanging", script(*replies))
        with project(_files(server.base_url, marker, stream=stream)) as folder:
            ended = kickoff(folder)
            late = ended.exited - _clock_started(folder) - LIMIT
            left = survivors(folder, marker)
            kept = "A first note." in str(ended.report["tasks"])
    ours = f"{late:+.2f} s, exit {ended.exit}, {len(left)} left"
    holds = 0 <= late <= WITHIN and ended.exit == LIMIT_EXIT and not left and kept
    return Row(name, "timeout: 2s", ours, _bare() if bare else "not run", holds)


def _files(url: str, marker: str, *, stream: bool) -> Mapping[str, str]:
    return {
        "config/agents.yaml": AGENT.format(name="worker", role="Worker", more=""),
        "config/tasks.yaml": TASKS,
        "config/models.yaml": model("hanging", url, stream=stream),
        "crews/case.yaml": CREW,
        "tools/linger.py": LINGER.replace("MARKER", marker),
    }


def _clock_started(folder: Path) -> float:
    store = SqlRunStore(SqliteDatabase(folder / ".crewctl" / "crewctl.db"))
    (run,) = store.run_ids()
    return next(event.at.timestamp() for event in store.events_of(run) if event.event.kind == "ClockStarted")


def _bare() -> str:
    """Let bare CrewAI wait for a model that answers after 6 s, under max_execution_time=2."""
    with ModelServer() as server:
        server.behave("hanging", lambda _: Answer("At last.", delay=6.0))
        bare = Path(__file__).with_name("bare.py")
        done = subprocess.run(
            [sys.executable, str(bare), "hang", "hanging", server.base_url, "2"],
            capture_output=True,
            text=True,
            timeout=180,
            check=True,
        )
    seconds, outcome = done.stdout.strip().splitlines()[-1].split(" ", 1)
    return f"{float(seconds) - LIMIT:+.2f} s (6 s model), {outcome}"
