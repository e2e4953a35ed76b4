"""Two machines share a database: asked for on one, done on the other, answered on the first."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from crewctl.adapters.new_files import write_new
from crewctl.testing.postgres_server import PostgresServer

pytestmark = pytest.mark.real

PROJECT = {
    "config/agents.yaml": "writer: {role: Writer, goal: Write., backstory: Years of it.}\n",
    "config/tasks.yaml": (
        "collect: {description: Collect facts., expected_output: Facts., agent: writer}\n"
        "note: {description: Write a note., expected_output: A note., agent: writer, human_input: true}\n"
    ),
    "config/models.yaml": "default: offline\n",
    "crews/fact.yaml": "description: One fact.\nprocess: sequential\ntasks: [collect]\n",
    "registry/entries/fact.yaml": (
        "owner: ada@example.eu\nrisk_level: minimal\nhuman_oversight_required: false\nlimits: {max_turns: 9}\n"
    ),
    "crews/note.yaml": "description: One note.\nprocess: sequential\ntasks: [collect, note]\n",
    "registry/entries/note.yaml": (
        "owner: ada@example.eu\nrisk_level: minimal\nhuman_oversight_required: false\nlimits: {max_turns: 9}\n"
    ),
}

SLOW_TO_BEGIN = """
import socket, sys
from crewctl.adapters.dbos_engine import DurableEngine
from crewctl.cli.main import run

socket.gethostname = lambda: "another-machine"
begin = DurableEngine.begin

def slowly(self, run_id, argument):
    print("announced", flush=True)
    sys.stdin.readline()
    return begin(self, run_id, argument)

DurableEngine.begin = slowly
sys.exit(run(["kickoff", "fact", "-q"]))
"""
"""A kickoff on another machine that is held up between saying what it is about to do and doing it."""


@dataclass
class Machine:
    """A folder with the project's files and the database's URL in the environment."""

    root: Path
    url: str

    def __call__(self, *words: str) -> str:
        """Return what a command that went well says."""
        done = subprocess.run(
            [sys.executable, "-m", "crewctl", *words],
            cwd=self.root,
            env={**os.environ, "CREWCTL_DATABASE": self.url},
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def machine(root: Path, url: str) -> Machine:
    """Set a machine up."""
    write_new(PROJECT, root)
    return Machine(root, url)


def test_machines_that_share_a_database_share_runs_cards_and_contents(
    tmp_path: Path, postgres_server: PostgresServer, postgres_url: str
) -> None:
    asks, works = machine(tmp_path / "a", postgres_url), machine(tmp_path / "b", postgres_url)

    asks("kickoff", "note", "--detach")
    works("worker", "--until-idle")
    [card] = json.loads(asks("inbox", "-o", "json"))
    asks("card", "approve", card["id"], "--reason", "it says what it should")
    works("worker", "--until-idle")

    [run] = json.loads(asks("runs", "-o", "json"))
    report = json.loads(asks("report", run["run"], "-o", "json"))
    assert report["outcome"] == "finished"
    assert [task["task"] for task in report["tasks"]] == ["collect", "note"]
    assert all(task["output"] for task in report["tasks"])
    files = [file for place in (asks, works) for file in place.root.rglob("*") if file.is_file()]
    assert {file.suffix for file in files} & {".db"} == set()
    assert not any(postgres_server.password.encode() in file.read_bytes() for file in files)


def test_a_run_that_is_only_just_being_begun_elsewhere_is_not_lost(tmp_path: Path, postgres_url: str) -> None:
    begins, looks = machine(tmp_path / "a", postgres_url), machine(tmp_path / "b", postgres_url)
    with subprocess.Popen(
        [sys.executable, "-c", SLOW_TO_BEGIN],
        cwd=begins.root,
        env={**os.environ, "CREWCTL_DATABASE": postgres_url},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as kickoff:
        assert kickoff.stdout is not None
        assert kickoff.stdout.readline() == "announced\n"
        [run] = json.loads(looks("runs", "-o", "json"))
        assert (run["status"], run["outcome"]) == ("requested", "requested")
        kickoff.communicate("begin\n", timeout=180)

    assert kickoff.returncode == 0
    [run] = json.loads(looks("runs", "-o", "json"))
    assert (run["status"], run["outcome"]) == ("closed", "finished")
