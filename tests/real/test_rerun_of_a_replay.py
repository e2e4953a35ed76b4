"""A replay needs no approval, so nothing that was not approved may grow out of one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from crewctl.adapters.new_files import write_new
from crewctl.testing.model_server import ModelServer

pytestmark = pytest.mark.real

FILES = {
    "config/agents.yaml": "one: {role: Writer, goal: Write., backstory: Years of it.}\n",
    "config/tasks.yaml": "note: {description: Write it., expected_output: A note., agent: one}\n",
    "crews/office.yaml": "description: One note.\nprocess: sequential\ntasks: [note]\n",
    "registry/entries/office.yaml": "owner: ada@example.eu\nrisk_level: limited\nhuman_oversight_required: false\n"
    "limits: {max_turns: 9}\n",
}


def crewctl(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "crewctl", "--project", str(root), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_running_a_replay_again_is_refused_and_asks_no_model(tmp_path: Path, server: ModelServer) -> None:
    model = f"default: {{model: openai/plain, base_url: '{server.base_url}', price: free}}\n"
    write_new({**FILES, "config/models.yaml": model}, tmp_path)
    first = json.loads(crewctl(tmp_path, "kickoff", "office", "-q", "-o", "json").stdout)
    assert first["outcome"] == "finished"
    assert crewctl(tmp_path, "suspend", "office", "--reason", "it must not run any more").returncode == 0
    shown = crewctl(tmp_path, "replay", first["run_id"], "-q", "-o", "json")
    assert shown.returncode == 0, shown.stderr
    calls = len(server.calls)

    again = crewctl(tmp_path, "rerun", json.loads(shown.stdout)["run_id"], "-q")

    assert (again.returncode, len(server.calls)) == (3, calls), again.stdout + again.stderr
    assert f"name run {first['run_id']} instead" in again.stderr
