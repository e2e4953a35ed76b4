"""A process that is killed between two tries: whoever takes the run up waits the rest and tries once more."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crewctl.adapters.sql_run_store import SqlRunStore
from crewctl.adapters.sqlite_database import SqliteDatabase
from crewctl.audit.events import Recorded, StepFinished, StepStarted
from crewctl.audit.events_faults import StepRetryScheduled
from crewctl.testing.model_server import ModelServer
from crewctl.testing.model_server_exchange import Failure

pytestmark = pytest.mark.real
BACKOFF = 8.0


def project_in(folder: Path, server: ModelServer, behaviour: str) -> None:
    files: dict[str, Any] = {
        "config/agents.yaml": {"writer": {"role": "Writer", "goal": "Write", "backstory": "You write."}},
        "config/tasks.yaml": {
            "write": {
                "description": "Write a letter.",
                "expected_output": "A letter.",
                "agent": "writer",
                "retry": {"attempts": 2, "backoff": f"{BACKOFF:g}s", "jitter": 0.0},
            }
        },
        "config/models.yaml": {
            "default": {"model": f"openai/{behaviour}", "base_url": server.base_url, "price": "free"}
        },
        "crews/small.yaml": {"description": "Writes.", "process": "sequential", "tasks": ["write"]},
        "registry/entries/small.yaml": {"risk_level": "minimal"},
        "registry/policy.yaml": {"retry": {"attempts": 1}},
    }
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(data), encoding="utf-8")


def crewctl(folder: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "crewctl", *words],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def records(folder: Path) -> tuple[str, list[Recorded]]:
    store = SqlRunStore(SqliteDatabase(folder / ".crewctl/crewctl.db"))
    runs = store.run_ids()
    return (runs[0], list(store.events_of(runs[0]))) if runs else ("", [])


def until(folder: Path, happened: Callable[[list[Recorded]], bool]) -> None:
    give_up = time.monotonic() + 120
    while not happened(records(folder)[1]):
        assert time.monotonic() < give_up, [record.event.kind for record in records(folder)[1]]
        time.sleep(0.1)


def test_a_run_killed_in_a_wait_goes_on_where_it_was(tmp_path: Path, server: ModelServer) -> None:
    project_in(tmp_path, server, "500-once")
    first = crewctl(tmp_path, "kickoff", "small")
    until(tmp_path, lambda seen: any(isinstance(each.event, StepRetryScheduled) for each in seen))
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate(timeout=30)
    run_id, before = records(tmp_path)
    assert sum(isinstance(each.event, StepStarted) for each in before) == 1

    second = crewctl(tmp_path, "resume", run_id)
    said, _ = second.communicate(timeout=120)

    assert second.returncode == 0, said
    _, after = records(tmp_path)
    starts = [each for each in after if isinstance(each.event, StepStarted)]
    ends = [each.event for each in after if isinstance(each.event, StepFinished)]
    [scheduled] = [each for each in after if isinstance(each.event, StepRetryScheduled)]
    assert [each.event.attempt for each in starts] == [1, 2]
    assert [each.outcome for each in ends] == ["failed", "done"]
    waited = (starts[1].at - scheduled.at).total_seconds()
    assert waited >= BACKOFF - 0.1
    assert len(server.calls) == 2


def test_a_run_killed_in_its_last_try_does_that_try_again_and_no_more(
    tmp_path: Path, server: ModelServer
) -> None:
    project_in(tmp_path, server, "hang")
    first = crewctl(tmp_path, "kickoff", "small")
    until(tmp_path, lambda seen: any(each.event.kind == "TurnGranted" for each in seen))
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate(timeout=30)
    run_id, _ = records(tmp_path)
    server.behave("hang", lambda _: Failure(401))

    second = crewctl(tmp_path, "resume", run_id)
    said, _ = second.communicate(timeout=120)

    assert second.returncode == 1, said
    _, after = records(tmp_path)
    assert [each.event.attempt for each in after if isinstance(each.event, StepStarted)] == [1, 2]
    assert [each.event.outcome for each in after if isinstance(each.event, StepFinished)] == ["failed"]
    assert not any(isinstance(each.event, StepRetryScheduled) for each in after)
