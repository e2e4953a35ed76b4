"""A worker whose database goes away ends what it had, waits for the database, and does the run anew."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crewctl.adapters.postgres import PostgresDatabase
from crewctl.adapters.process_tree import children_of
from crewctl.adapters.sql_run_store import SqlRunStore
from crewctl.audit.events import RunClosed, StepFinished, TurnGranted
from crewctl.audit.events_work import RunTaken
from crewctl.testing.model_server import ModelServer
from crewctl.testing.model_server_exchange import Answer, Asked
from crewctl.testing.postgres_server import PostgresServer

pytestmark = pytest.mark.real

PROJECT = {
    "config/agents.yaml": "writer: {role: Writer, goal: Write., backstory: Years of it.}\n",
    "config/tasks.yaml": "note: {description: Write a note., expected_output: A note., agent: writer}\n",
    "crews/note.yaml": "description: One note.\nprocess: sequential\ntasks: [note]\n",
    "registry/entries/note.yaml": "risk_level: minimal\nhuman_oversight_required: false\n",
}


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


def wait_until(holds: Callable[[], bool], what: str) -> None:
    give_up = time.monotonic() + 90
    while not holds():
        if time.monotonic() > give_up:
            pytest.fail(f"within 90 s it was not seen that {what}")
        time.sleep(0.05)


def states_below(pid: int) -> set[str]:
    """Return the states of the children of a process, Z for those that have ended and are not buried."""
    found = set()
    for child in children_of(pid):
        found.add(Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0])
    return found


def test_a_worker_waits_for_its_database_and_does_again_what_was_cut_off(
    tmp_path: Path, server: ModelServer, own_server: PostgresServer
) -> None:
    def slow_at_first(asked: Asked) -> Answer:
        return Answer("A note.", delay=120.0 if asked.count == 1 else 0.0)

    server.behave("note", slow_at_first)
    model = f'default: {{model: openai/note, base_url: "{server.base_url}", api_key: "${{env:NOTE_KEY}}", price: free}}\n'
    for name, text in {**PROJECT, "config/models.yaml": model}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    env = {**os.environ, "CREWCTL_DATABASE": own_server.url, "NOTE_KEY": "sk-made-up-for-loopback"}
    crewctl = [sys.executable, "-m", "crewctl"]
    asked = [*crewctl, "kickoff", "note", "--detach", "-o", "name"]
    run_id = subprocess.run(
        asked, cwd=tmp_path, env=env, capture_output=True, text=True, check=True, timeout=60
    ).stdout.strip()
    said = tmp_path / "said.txt"
    with said.open("wb") as out:
        worker = subprocess.Popen([*crewctl, "worker"], cwd=tmp_path, env=env, stdout=out, stderr=out)
    try:
        server.wait_for_calls(1, timeout=90)
        [zygote] = children_of(worker.pid)
        own_server.kill()
        wait_until(lambda: "beginning anew" in said.read_text(), "the worker begins anew")
        wait_until(lambda: zygote not in children_of(worker.pid), "what it had started has ended")
        time.sleep(3.0)  # longer than a worker that gives up would live
        assert worker.poll() is None, said.read_text()
        own_server.start()

        store = SqlRunStore(PostgresDatabase(own_server.url))
        wait_until(lambda: not store.open_run_ids(), "the run is closed")
        assert "Z" not in states_below(worker.pid)
    finally:
        worker.send_signal(signal.SIGTERM)
        code = worker.wait(60)

    events = [record.event for record in store.events_of(run_id)]
    assert [event.outcome for event in events if isinstance(event, RunClosed)] == ["finished"]
    assert [(event.attempt, event.outcome) for event in events if isinstance(event, StepFinished)] == [
        (2, "done")
    ]
    assert len([event for event in events if isinstance(event, RunTaken)]) == 2
    assert len([event for event in events if isinstance(event, TurnGranted)]) == len(server.calls) == 2
    assert code == 0, said.read_text()
