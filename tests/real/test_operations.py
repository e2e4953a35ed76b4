"""Operations on real runs: stopping what waits, running again, forking, suspending, on the real engine."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.real

ROOT = Path(__file__).resolve().parents[2]
CREWCTL = str(Path(sys.executable).with_name("crewctl"))
BRIEF = ("company-brief", "-i", "company=Acme Corp")
EMAIL = ("outreach-email", "-i", "company=Acme Corp", "-i", "first_name=Elena")
WHY = ("--reason", "it wrote to people who had said no")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of this repository's own project, without what runs have left there."""
    for name in ("crews", "config", "registry/entries", "registry/rubrics"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "registry/policy.yaml", tmp_path / "registry/policy.yaml")
    return tmp_path


def crewctl(project: Path, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [CREWCTL, *words],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == code, f"{words}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def data(project: Path, *words: str, code: int = 0) -> Any:
    return json.loads(crewctl(project, *words, "-o", "json", code=code).stdout)


def change(file: Path, before: str, after: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), encoding="utf-8")


def ask_a_person(project: Path) -> None:
    """Have the crews' research wait for a person."""
    change(project / "config/tasks.yaml", "research:\n", "research:\n  human_input: true\n")


def approve(project: Path, crew: str = "outreach-email") -> None:
    crewctl(project, "approve", crew, "--reason", "reviewed for this very test", "--expires", "1h")


def wait_until(what: Callable[[], object], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)


def test_a_run_that_waits_for_a_person_is_stopped_at_once_with_its_card_and_a_report(project: Path) -> None:
    ask_a_person(project)
    crewctl(project, "kickoff", *BRIEF, "-q", code=7)
    (run,) = data(project, "runs", "--waiting")
    assert (run["status"], run["outcome"], len(run["waits_for"])) == ("waiting", "waiting", 1)
    for words in (("logs", "last"), ("trace", "last"), ("report", "last")):
        assert run["waits_for"][0] in crewctl(project, *words).stderr, words
    assert data(project, "report", "last")["cards"][0]["card"] == run["waits_for"][0]

    began = time.monotonic()
    assert data(project, "stop", "last", "--reason", "wrong company")["stopped"] is True
    assert time.monotonic() - began < 20

    assert data(project, "runs", "--waiting") == []
    assert data(project, "inbox") == []
    (path,) = project.glob("registry/reports/company-brief/*.json")
    report = json.loads(path.read_text(encoding="utf-8"))
    assert (report["outcome"], report["exit_code"], report["partial"]) == ("stopped", 6, True)
    assert "wrong company" in report["stopped"]["why"]
    assert [each["outcome"] for each in report["tasks"]] == ["done", "not_started"]
    # Nothing goes on with it any more: not a person, not a worker.
    crewctl(project, "resume", run["run"], code=1)
    crewctl(project, "worker", "--until-idle")
    assert data(project, "runs")[0]["outcome"] == "stopped"


def test_a_queued_run_is_stopped_before_any_worker_has_seen_it(project: Path) -> None:
    crewctl(project, "kickoff", *BRIEF, "--detach")
    (run,) = data(project, "runs", "--status", "queued")
    assert run["left_at"] is not None
    data(project, "stop", run["run"], "--reason", "not needed any more")
    crewctl(project, "worker", "--until-idle")
    (run,) = data(project, "runs")
    assert (run["status"], run["outcome"], run["turns"]) == ("closed", "stopped", 0)


def test_all_runs_are_stopped_riskiest_first_waiting_queued_and_lost_ones_too(project: Path) -> None:
    ask_a_person(project)
    approve(project)
    crewctl(project, "kickoff", *BRIEF, "-q", code=7)  # minimal risk, waits
    crewctl(project, "kickoff", *EMAIL, "-q", code=7)  # limited risk, waits
    crewctl(project, "kickoff", *BRIEF, "--detach")
    killed = subprocess.Popen(
        [CREWCTL, "kickoff", *BRIEF, "-q"], cwd=project, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    wait_until(lambda: any(row["status"] == "running" for row in data(project, "runs")))
    killed.send_signal(signal.SIGKILL)
    killed.wait(timeout=10)
    statuses = {row["status"] for row in data(project, "runs")}
    assert statuses == {"waiting", "queued", "lost"}
    assert "lost, can be resumed" in crewctl(project, "runs").stdout

    refused = crewctl(project, "stop", "--all", "--reason", "the provider leaks prompts", code=2)
    assert "4 runs would be stopped, and nobody is there to be asked" in refused.stderr
    assert "outreach-email" in refused.stdout.splitlines()[1]
    only = data(project, "stop", "--all", "--crew", "outreach-email", "--reason", "wrong list", "--yes")
    assert [(row["crew"], row["became"]) for row in only] == [("outreach-email", "stopped")]
    rows = data(project, "stop", "--all", "--reason", "the provider leaks prompts", "--yes")
    assert [(row["status"], row["became"]) for row in rows] == [
        ("lost", "stopped"),
        ("waiting", "stopped"),
        ("queued", "stopped"),
    ]
    assert {row["outcome"] for row in data(project, "runs")} == {"stopped"}
    assert crewctl(project, "stop", "--all", "--reason", "again, to be sure", "--yes").stderr.startswith(
        "No run is unfinished."
    )


def test_a_rerun_follows_the_very_plan_whatever_the_files_say_by_then(project: Path) -> None:
    first = data(project, "kickoff", *BRIEF, "-q")
    change(project / "config/tasks.yaml", "Research {company}", "Look into {company}")
    again = data(project, "rerun", "last", "-q")
    assert (again["source"], again["of"]) == ("rerun", first["run_id"])
    assert again["plan"]["crew_digest"] == first["plan"]["crew_digest"]
    assert (again["plan"]["inputs"], again["output"]) == (first["plan"]["inputs"], first["output"])
    assert again["run_id"] != first["run_id"]

    said = crewctl(project, "rerun", first["run_id"], "--with-files", "-q")
    assert f"Planned anew. 1 difference to run {first['run_id']}:" in said.stderr
    assert "tasks.research.description: [-Research-]{+Look into+} {company}" in said.stderr
    anew = data(project, "report", "last")
    assert anew["plan"]["crew_digest"] != first["plan"]["crew_digest"]
    assert anew["plan"]["inputs"] == first["plan"]["inputs"]


def test_a_rerun_is_refused_where_the_gate_or_the_registry_says_no_today(project: Path) -> None:
    approve(project)
    data(project, "kickoff", *EMAIL, "-q")
    crewctl(project, "revoke", "outreach-email", "--reason", "the offer has ended")
    refused = crewctl(project, "rerun", "last", "-q", code=4)
    assert "was revoked by" in refused.stderr

    data(project, "kickoff", *BRIEF, "-q")
    entry = project / "registry/entries/company-brief.yaml"
    change(entry, "risk_level: minimal", "risk_level: prohibited")
    refused = crewctl(project, "rerun", "last", "-q", code=3)
    assert "its risk level is prohibited and was minimal" in refused.stderr
    assert "--with-files" in refused.stderr
    assert crewctl(project, "rerun", "last", "--with-files", "-q", code=4)


def test_a_rerun_without_its_key_runs_nothing(project: Path) -> None:
    models = project / "config/models.yaml"
    models.write_text(
        models.read_text(encoding="utf-8")
        + "\nkeyed: {model: openai/qwen3, base_url: 'http://127.0.0.1:9/v1', api_key: '${env:TEST_KEY}', price: free}\n",
        encoding="utf-8",
    )
    change(project / "config/models.yaml", "standard: default", "standard: keyed")
    done = subprocess.run(
        [CREWCTL, "kickoff", *BRIEF, "-q", "-o", "name"],
        cwd=project,
        env={**os.environ, "TEST_KEY": "not-a-real-key-but-long"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    refused = crewctl(project, "rerun", "last", code=3)
    assert (
        "needs a key in the environment variable TEST_KEY, which is not set; nothing was run"
        in refused.stderr
    )
    assert len(data(project, "runs")) == 1


def test_a_fork_keeps_the_research_and_bills_only_what_is_new(project: Path) -> None:
    first = data(project, "kickoff", *BRIEF, "-q")
    change(project / "config/tasks.yaml", "write_brief:\n", "write_brief:\n  # worded anew\n")
    forked = data(project, "fork", "last", "--from", "write_brief", "-i", "reader=the board", "-q")
    research, brief = forked["tasks"]
    assert (research["kept_from"], research["attempts"], research["usage"]["turns"]) == (
        first["run_id"],
        0,
        0,
    )
    assert research["output"] == first["tasks"][0]["output"]
    assert (brief["kept_from"], brief["outcome"]) == (None, "done")
    assert forked["bill"]["total"]["turns"] == first["bill"]["total"]["turns"] - 1
    assert forked["plan"]["inputs"]["reader"] == "the board"

    refused = crewctl(project, "fork", "last", "--from", "write_brief", "-i", "company=Initech", code=3)
    assert "1.research: task.description" in refused.stderr
    anyway = data(
        project, "fork", "last", "--from", "write_brief", "-i", "company=Initech", "--keep-anyway", "-q"
    )
    assert "task.description" in anyway["kept"]["steps"][0]["changed"]
    assert "kept anyway" in crewctl(project, "report", "last").stdout
    refused = crewctl(project, "fork", "last", "--from", "write_brif", code=9)
    assert "did you mean 'write_brief'?" in refused.stderr


def test_a_fork_of_a_market_keeps_its_drafts_and_judges_by_todays_rubric(project: Path) -> None:
    approve(project)
    first = data(project, "kickoff", *EMAIL, "-q")
    rubric = next((project / "registry/rubrics").glob("*.yaml"))
    rubric.write_text(
        "description: The shorter the better.\ncriteria:\n"
        '  length: {says: "At most 60 words.", weight: 3}\n  voice: {says: "Plain.", weight: 1}\n',
        encoding="utf-8",
    )
    assert "has changed" in crewctl(project, "fork", "last", "--from", "judging", "-q", code=4).stderr
    approve(project)
    forked = data(project, "fork", first["run_id"], "--from", "judging", "-q")
    assert {each["kept_from"] for each in forked["contestants"]} == {first["run_id"]}
    assert [each["output"] for each in forked["contestants"]] == [
        each["output"] for each in first["contestants"]
    ]
    assert forked["verdict"]["rubric"]["name"] == first["verdict"]["rubric"]["name"]
    agents = {line["agent"] for line in forked["bill"]["lines"]}
    assert not agents & {each["contestant"] for each in forked["contestants"]}
    crewctl(project, "verdict", "verify", forked["run_id"])


def test_a_waiting_run_is_forked_and_both_go_their_own_way(project: Path) -> None:
    ask_a_person(project)
    crewctl(project, "kickoff", *BRIEF, "-q", code=7)
    (waiting,) = data(project, "runs", "--waiting")
    card = waiting["waits_for"][0]
    # Nobody has answered, so the fork asks for itself.
    crewctl(project, "fork", "last", "--from", "write_brief", "-q", code=7)
    assert len(data(project, "runs", "--waiting")) == 2
    crewctl(project, "card", "approve", card, "--reason", "it is what was asked for")
    forked = data(project, "fork", waiting["run"], "--from", "write_brief", "-q")
    assert forked["outcome"] == "finished"
    assert forked["kept"]["steps"][0]["decided_by"]
    finished = data(project, "resume", waiting["run"], "-q")
    assert finished["outcome"] == "finished"


def test_a_suspension_stops_what_waits_and_what_comes_back_but_not_what_works(project: Path) -> None:
    ask_a_person(project)
    approve(project)
    crewctl(project, "kickoff", *EMAIL, "-q", code=7)
    (waiting,) = data(project, "runs", "--waiting")
    said = data(project, "suspend", "outreach-email", *WHY)
    assert (said["kind"], said["stopped"]) == ("suspension", [])
    crewctl(project, "kickoff", *EMAIL, "-q", code=4)
    crewctl(project, "card", "approve", waiting["waits_for"][0], "--reason", "it is what was asked for")
    crewctl(project, "resume", waiting["run"], "-q", code=4)
    report = data(project, "report", waiting["run"])
    assert report["outcome"] == "not_approved"
    first, *later = [each["decision"] for each in report["approval"]["decisions"]]
    assert (first, set(later)) == ("approved", {"suspended"})
    assert "it wrote to people who had said no" in crewctl(project, "report", waiting["run"]).stdout
    crewctl(project, "unsuspend", "outreach-email", "--reason", "it is mended, I think", code=4)


def test_a_suspension_can_stop_the_crews_runs(project: Path) -> None:
    ask_a_person(project)
    approve(project)
    crewctl(project, "kickoff", *EMAIL, "-q", code=7)
    crewctl(project, "kickoff", *BRIEF, "-q", code=7)
    said = data(project, "suspend", "outreach-email", *WHY, "--stop-runs")
    assert [(row["crew"], row["became"]) for row in said["stopped"]] == [("outreach-email", "stopped")]
    (left,) = data(project, "runs", "--waiting")
    assert left["crew"] == "company-brief"
    (report,) = [json.loads(p.read_bytes()) for p in project.glob("registry/reports/outreach-email/*.json")]
    assert "the crew was suspended: it wrote to people who had said no" in report["stopped"]["why"]


GATE = '''"""A tool that comes back once a file is there."""

import pathlib
import time

from crewai.tools import tool


@tool("gate")
def gate(question: str) -> str:
    """Wait until the way is free."""
    pathlib.Path("{folder}/waits").touch()
    while not pathlib.Path("{folder}/go").exists():
        time.sleep(0.05)
    return "free"
'''


def start_at_a_gate(project: Path) -> subprocess.Popen[bytes]:
    """Start a market whose research waits in a tool, until a file is there."""
    (project / "tools").mkdir()
    (project / "tools/gate.py").write_text(GATE.format(folder=project), encoding="utf-8")
    script = (
        "turns:\n  - calls:\n      - {tool: gate, arguments: {question: now}}\n  - answer: What was found.\n"
    )
    (project / "gate.yaml").write_text(script, encoding="utf-8")
    models = project / "config/models.yaml"
    change(models, "default: offline", "default: offline\nslow: {model: scripted, script: gate.yaml}")
    change(project / "registry/policy.yaml", "tools:\n", "tools:\n  custom:gate: [reads_files]\n")
    change(project / "config/agents.yaml", "researcher:\n", "researcher:\n  tools: [custom:gate]\n")
    change(project / "config/agents.yaml", "llm: standard", "llm: slow")
    approve(project)
    run = subprocess.Popen(
        [CREWCTL, "kickoff", *EMAIL, "-q"], cwd=project, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    wait_until((project / "waits").exists)
    return run


def test_a_run_that_works_goes_on_after_a_suspension_and_its_crew_does_not_run_again(project: Path) -> None:
    run = start_at_a_gate(project)
    crewctl(project, "suspend", "outreach-email", *WHY)
    assert "outreach-email is suspended by" in crewctl(project, "runs").stderr
    (project / "go").touch()
    assert run.wait(timeout=120) == 0
    assert data(project, "report", "last")["outcome"] == "finished"
    crewctl(project, "rerun", "last", "-q", code=4)


def test_a_run_that_works_is_stopped_by_a_suspension_that_says_so(project: Path) -> None:
    run = start_at_a_gate(project)
    said = data(project, "suspend", "outreach-email", *WHY, "--stop-runs")
    assert [row["became"] for row in said["stopped"]] == ["stopped"]
    assert run.wait(timeout=60) == 6
    (path,) = project.glob("registry/reports/outreach-email/*.json")
    assert "the crew was suspended" in json.loads(path.read_bytes())["stopped"]["why"]
