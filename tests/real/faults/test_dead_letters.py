"""A run that fails while nobody watches is set aside, and a person runs it again or puts it away."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from crewctl.testing.model_server import ModelServer
from crewctl.testing.model_server_behaviours import failing, plain, slow
from crewctl.testing.model_server_exchange import Failure
from crewctl.wiring.project import Project

pytestmark = pytest.mark.real


@dataclass
class Desk:
    """A project on disk, and its command line as processes."""

    folder: Path
    server: ModelServer

    def write(self, name: str, data: Any) -> None:
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(json.dumps(data), encoding="utf-8")

    def crewctl(self, *words: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "crewctl", *words],
            cwd=self.folder,
            env={**os.environ, "NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert code is None or done.returncode == code, done.stdout + done.stderr
        return done

    def data(self, *words: str) -> Any:
        return json.loads(self.crewctl(*words, "-o", "json").stdout)


@pytest.fixture
def desk(tmp_path: Path, server: ModelServer) -> Desk:
    made = Desk(tmp_path, server)
    made.write(
        "config/agents.yaml", {"writer": {"role": "Writer", "goal": "Write", "backstory": "You write."}}
    )
    made.write(
        "config/tasks.yaml",
        {
            "write": {
                "description": "Write a letter.",
                "expected_output": "A letter.",
                "agent": "writer",
                "retry": {"attempts": 2, "backoff": "100s", "longest": "100s"},
            }
        },
    )
    model = {"model": "openai/ill", "base_url": server.base_url, "price": "free"}
    made.write("config/models.yaml", {"default": model})
    made.write("crews/small.yaml", {"description": "Writes.", "process": "sequential", "tasks": ["write"]})
    made.write("registry/entries/small.yaml", {"risk_level": "minimal"})
    made.write("registry/policy.yaml", {"retry": {"attempts": 1}})
    return made


def ill(desk: Desk, status: int = 401) -> None:
    desk.server.behave("ill", failing(Failure(status), when=lambda _: True))


def test_a_detached_run_that_fails_is_set_aside_run_again_and_then_over(desk: Desk) -> None:
    ill(desk)
    desk.crewctl("kickoff", "small", "--detach")
    desk.crewctl("worker", "--until-idle")

    [letter] = desk.data("dead", "list")
    assert letter["crew"] == "small"
    assert "refused the key" in letter["why"]
    shown = desk.crewctl("dead", "show", "last").stdout
    assert letter["run"] in shown
    desk.server.behave("ill", plain)
    desk.crewctl("dead", "retry", "last", "--reason", "the key is right now")

    assert desk.data("dead", "list") == []
    runs = desk.data("runs")
    assert sorted(run["outcome"] for run in runs) == ["failed", "finished"]
    again = desk.crewctl("dead", "retry", letter["run"], code=1)
    assert "was retried already" in again.stderr


def test_a_run_at_a_terminal_that_fails_is_not_set_aside(desk: Desk) -> None:
    ill(desk)
    desk.crewctl("kickoff", "small", code=1)
    [run] = desk.data("runs")

    assert desk.data("dead", "list") == []
    assert "no run is set aside" in desk.crewctl("dead", "drop", "last", "--reason", "x", code=9).stderr
    told = desk.crewctl("dead", "show", run["run"], code=9).stderr
    assert "was not set aside" in told


def test_what_is_put_away_is_off_the_list_with_its_reason(desk: Desk) -> None:
    ill(desk)
    desk.crewctl("kickoff", "small", "--detach")
    desk.crewctl("worker", "--until-idle")
    [letter] = desk.data("dead", "list")
    desk.crewctl("dead", "drop", letter["run"], "--reason", "nobody needs it")

    assert desk.data("dead", "list") == []
    shown = desk.data("dead", "show", letter["run"])
    assert shown["settled"]["how"] == "dropped"
    assert shown["settled"]["reason"] == "nobody needs it"
    assert shown["source"] == "person"


def test_one_that_fails_again_is_set_aside_again_with_its_count_whoever_watched(desk: Desk) -> None:
    """Otherwise work that was on the list would be on none, and not done."""
    ill(desk)
    desk.crewctl("kickoff", "small", "--detach")
    desk.crewctl("worker", "--until-idle")
    [first] = desk.data("dead", "list")
    desk.crewctl("dead", "retry", "last", code=1)
    [second] = desk.data("dead", "list")
    desk.crewctl("dead", "retry", "last", "--detach")
    desk.crewctl("worker", "--until-idle")
    [third] = desk.data("dead", "list")

    assert [letter["retried"] for letter in (first, second, third)] == [0, 1, 2]
    assert len({letter["run"] for letter in (first, second, third)}) == 3
    assert second["why"] == first["why"]
    assert "2 times" in desk.crewctl("dead").stdout
    shown = desk.crewctl("dead", "show", "last").stdout
    assert "retried       2 times by people" in shown
    desk.server.behave("ill", plain)
    desk.crewctl("dead", "retry", "last")
    assert desk.data("dead", "list") == []


def test_of_two_people_who_run_it_again_at_once_one_does(desk: Desk) -> None:
    ill(desk)
    desk.crewctl("kickoff", "small", "--detach")
    desk.crewctl("worker", "--until-idle")
    with ThreadPoolExecutor(2) as people:
        both = list(
            people.map(lambda _: desk.crewctl("dead", "retry", "last", "--detach", code=None), range(2))
        )

    made = {done.stdout for done in both if done.returncode == 0}
    assert len(made) == 1, [done.stderr for done in both]
    assert {done.returncode for done in both} <= {0, 1, 9}
    assert len(desk.data("runs")) == 2


_KILLED_IN_BETWEEN = """
import os, signal, sys
from crewctl.cli import dead_letters
dead_letters._settle = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
from crewctl.__main__ import main
main()
"""


@pytest.mark.parametrize("detach", [("--detach",), ()])
def test_a_retry_that_is_killed_before_it_is_settled_loses_nothing_and_is_not_done_twice(
    desk: Desk, detach: tuple[str, ...]
) -> None:
    ill(desk)
    desk.crewctl("kickoff", "small", "--detach")
    desk.crewctl("worker", "--until-idle")
    desk.server.behave("ill", plain)
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED_IN_BETWEEN, "dead", "retry", "last", *detach],
        cwd=desk.folder,
        capture_output=True,
        check=False,
        timeout=120,
    )

    assert killed.returncode == -9, killed.stderr
    assert len(desk.data("runs")) == 2
    if detach:  # the new run is a worker's: asked for again, it is the same one
        desk.crewctl("dead", "retry", "last", "--detach")
        desk.crewctl("worker", "--until-idle")
    else:  # nobody had begun it: it is lost, and set aside in its turn
        [old, new] = desk.data("dead", "list")
        assert [old["retried"], new["retried"]] == [0, 1]
        desk.crewctl("dead", "retry", old["run"], code=1)
        [new] = desk.data("dead", "list")
        desk.crewctl("dead", "retry", "last")

    assert desk.data("dead", "list") == []
    assert [run["outcome"] for run in desk.data("runs")].count("finished") == 1


def test_a_retry_that_the_gate_refuses_stays_on_the_list(desk: Desk) -> None:
    ill(desk)
    desk.crewctl("kickoff", "small", "--detach")
    desk.crewctl("worker", "--until-idle")
    desk.crewctl("suspend", "small", "--reason", "the customer has complained")
    desk.crewctl("dead", "retry", "last", code=4)

    [letter] = desk.data("dead", "list")
    assert letter["retried"] == 1
    assert letter["outcome"] == "not_approved"
    assert "suspended" in letter["why"]


_DROPPED_IN_BETWEEN = """
import subprocess, sys
from crewctl.cli import dead_letters
settle = dead_letters._settle
def after_a_drop(project, letter, how, why):
    drop = ["dead", "drop", letter.run_id, "--reason", "the customer has left"]
    subprocess.run([sys.executable, "-m", "crewctl", *drop], check=True)
    return settle(project, letter, how, why)
dead_letters._settle = after_a_drop
from crewctl.__main__ import main
main()
"""


@pytest.mark.parametrize("detach", [("--detach",), ()])
def test_what_is_put_away_while_somebody_retries_it_is_not_done(desk: Desk, detach: tuple[str, ...]) -> None:
    ill(desk)
    desk.crewctl("kickoff", "small", "--detach")
    desk.crewctl("worker", "--until-idle")
    desk.server.behave("ill", plain)
    asked = len(desk.server.calls)
    done = subprocess.run(
        [sys.executable, "-c", _DROPPED_IN_BETWEEN, "dead", "retry", "last", *detach],
        cwd=desk.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    desk.crewctl("worker", "--until-idle")

    assert "put away" in done.stderr
    assert "in the same moment" in done.stderr
    assert done.returncode == (0 if detach else 6), done.stderr
    assert desk.data("dead", "list") == []
    assert sorted(run["outcome"] for run in desk.data("runs")) == ["failed", "stopped"]
    assert len(desk.server.calls) == asked


def test_a_retry_whose_key_somebody_else_took_stays_on_the_list(desk: Desk) -> None:
    ill(desk)
    desk.crewctl("kickoff", "small", "--detach")
    desk.crewctl("worker", "--until-idle")
    [letter] = desk.data("dead", "list")
    project = Project(desk.folder)
    taken = project.request("small", key=f"dead:{letter['run']}:1", detached=True)
    project.enqueue(project.plan("small", {}), taken)
    told = desk.crewctl("dead", "retry", "last", "--detach", code=1).stderr

    assert "has the key of this retry, and is another's" in told
    assert len(desk.data("dead", "list")) == 1


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGHUP])
def test_a_retry_that_is_interrupted_stays_on_the_list(desk: Desk, sign: signal.Signals) -> None:
    ill(desk)
    desk.crewctl("kickoff", "small", "--detach")
    desk.crewctl("worker", "--until-idle")
    desk.server.behave("ill", slow(60.0))
    asked = len(desk.server.calls)
    retry = subprocess.Popen(
        [sys.executable, "-m", "crewctl", "dead", "retry", "last"], cwd=desk.folder, stderr=subprocess.DEVNULL
    )
    desk.server.wait_for_calls(asked + 1, timeout=60.0)
    retry.send_signal(sign)

    assert retry.wait(30) == 130
    [letter] = desk.data("dead", "list")
    assert (letter["outcome"], letter["retried"]) == ("interrupted", 1)
