"""The promises of the README, on the shipped example crews, the real engine and the real command line."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from crewctl.adapters.sql_run_store import SqlRunStore
from crewctl.adapters.sqlite_database import SqliteDatabase

pytestmark = pytest.mark.real

ROOT = Path(__file__).resolve().parents[2]
CREWCTL = str(Path(sys.executable).with_name("crewctl"))
INPUTS = ("-i", "company=Acme Corp", "-i", "first_name=Elena")
REASON = "reviewed for this very test"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of this repository's own project, without what runs have left there."""
    for name in ("crews", "config", "registry/entries", "registry/rubrics"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "registry/policy.yaml", tmp_path / "registry/policy.yaml")
    return tmp_path


def crewctl(project: Path, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [CREWCTL, *words], cwd=project, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == code, f"{words}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def approve(project: Path, *more: str) -> None:
    crewctl(project, "approve", "outreach-email", "--reason", REASON, "--expires", "1h", *more)


def run_market(project: Path, *inputs: str) -> Any:
    return json.loads(crewctl(project, "kickoff", "outreach-email", *(inputs or INPUTS), "-o", "json").stdout)


def change(file: Path, before: str, after: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), encoding="utf-8")


def test_the_demo_refuses_approves_and_runs(project: Path) -> None:
    """`make demo`: exit 4, one approval for one run, a verdict with its reasons, and a report."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", str(ROOT / "bench/demo.sh")],
        cwd=project,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "exit 4" in done.stdout
    (report_path,) = project.glob("registry/reports/outreach-email/*.json")
    assert str(report_path.relative_to(project)) in done.stdout
    report = json.loads(report_path.read_text(encoding="utf-8"))
    assert report["verdict"]["reasoning"]
    assert report["approval"]["reason"] == "demo on the offline model"
    # Its one run is used up: nothing stands any more.
    crewctl(project, "kickoff", "outreach-email", *INPUTS, code=4)


def test_a_report_fits_the_shipped_schemas(project: Path) -> None:
    approve(project)
    report = run_market(project)
    for name, value in (("report", report), ("verdict", report["verdict"])):
        schema = json.loads((ROOT / f"registry/schema/{name}.json").read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.validate(value, schema, cls=jsonschema.Draft202012Validator)


def test_a_changed_word_voids_the_approval_and_is_shown(project: Path) -> None:
    """Nothing runs that was not approved as it is."""
    approve(project)
    agents = project / "config/agents.yaml"
    goal = re.search(r"direct_writer:.*?goal: (\w+)", agents.read_text(encoding="utf-8"), re.DOTALL)
    assert goal
    text = agents.read_text(encoding="utf-8")
    start, end = goal.span(1)
    agents.write_text(text[:start] + "Zigzag" + text[end:], encoding="utf-8")

    refused = crewctl(project, "kickoff", "outreach-email", *INPUTS, code=4)

    assert "agents.direct_writer.goal" in refused.stderr
    assert goal.group(1) in refused.stderr
    assert "Zigzag" in refused.stderr
    assert not list(project.glob("registry/reports/**/*.json"))


def test_the_order_of_contestants_does_not_choose_the_winner(project: Path) -> None:
    approve(project)
    first = run_market(project)
    crew = project / "crews/outreach-email.yaml"
    names = ("direct_writer", "story_writer", "question_writer")
    text = crew.read_text(encoding="utf-8")
    contestants = re.search(r"contestants:.*", text)
    assert contestants
    permuted = text.replace(contestants.group(), f"contestants: [{names[1]}, {names[2]}, {names[0]}]")
    assert permuted != text
    crew.write_text(permuted, encoding="utf-8")
    approve(project)
    second = run_market(project)
    assert _winner(first) == _winner(second)
    assert first["verdict"]["final_text"] == second["verdict"]["final_text"]


def _winner(report: Any) -> str:
    verdict = report["verdict"]
    return next(
        each["contestant"] for each in verdict["candidates"] if each["id"] == verdict["selected_draft"]
    )


def test_another_input_gives_other_drafts_and_quotes(project: Path) -> None:
    approve(project)
    acme = run_market(project)
    other = run_market(project, "-i", "company=Nordlicht Werft", "-i", "first_name=Jonas")
    assert {each["output"] for each in acme["contestants"]}.isdisjoint(
        {each["output"] for each in other["contestants"]}
    )
    assert "Nordlicht Werft" in json.dumps(other["verdict"])
    assert "Nordlicht Werft" not in json.dumps(acme["verdict"])


def test_the_other_examples_run_without_approval(project: Path) -> None:
    crewctl(project, "kickoff", "company-brief", "-i", "company=Acme Corp")
    trace = crewctl(project, "kickoff", "due-diligence", "-i", "company=Acme Corp", "-o", "json")
    assert "WorkDelegated" not in trace.stdout, "a report is not an event log"
    delegated = crewctl(project, "logs", "last").stdout.count("WorkDelegated")
    assert delegated >= 2


def test_a_rehearsal_needs_no_approval_and_leaves_no_report(project: Path) -> None:
    crewctl(project, "rehearse", "outreach-email", *INPUTS)
    assert not list(project.glob("registry/reports/**/*.json"))


TRAP = '''import pathlib

from crewai.tools import tool

pathlib.Path("{touched}").touch()


@tool("trap")
def trap(question: str) -> str:
    """Say nothing."""
    return ""
'''


def test_a_rehearsal_neither_imports_nor_makes_a_tool(project: Path, tmp_path: Path) -> None:
    (project / "tools").mkdir()
    (project / "tools/trap.py").write_text(TRAP.format(touched=tmp_path / "sprung"), encoding="utf-8")
    # BraveSearchTool cannot even be made without a key.
    change(
        project / "config/agents.yaml",
        "brief_writer:\n",
        "brief_writer:\n  tools: [custom:trap, BraveSearchTool]\n",
    )
    crewctl(project, "rehearse", "company-brief")
    assert not (tmp_path / "sprung").exists()


LINGERING = '''"""A tool that leaves a process behind, in a session of its own, deaf to SIGTERM, and then waits."""

import subprocess
import sys
import time

from crewai.tools import tool


@tool("linger")
def linger(question: str) -> str:
    """Start something that does not want to end, and never come back."""
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(3600)"
    subprocess.Popen([sys.executable, "-c", code, "{marker}"], start_new_session=True)
    time.sleep(3600)
    return "never"
'''


def _lingering_market(project: Path) -> str:
    """Give one contestant a tool that never comes back, and return the marker of what it starts."""
    marker = f"marker-{os.getpid()}-{time.time_ns()}"
    (project / "tools").mkdir()
    (project / "tools/linger.py").write_text(LINGERING.format(marker=marker), encoding="utf-8")
    script = "turns:\n  - calls:\n      - {tool: linger, arguments: {question: now}}\n"
    (project / "linger.yaml").write_text(script, encoding="utf-8")
    change(
        project / "config/models.yaml",
        "default: offline",
        "default: offline\nslow: {model: scripted, script: linger.yaml}",
    )
    agents = project / "config/agents.yaml"
    text = agents.read_text(encoding="utf-8")
    start = text.index("story_writer:")
    block = text[start:]
    with_tool = re.sub(r"\n  llm: \w+", "", block, count=1).replace(
        "\n", "\n  llm: slow\n  tools: [custom:linger]\n", 1
    )
    agents.write_text(text[:start] + with_tool, encoding="utf-8")
    # Somebody has looked at it: its calls wait for nobody.
    change(project / "registry/policy.yaml", "tools:\n", "tools:\n  custom:linger: []\n")
    return marker


def _wait_until(what: Any, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def _with(marker: str) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                words = (entry / "cmdline").read_bytes().decode(errors="replace")
                where = str((entry / "cwd").readlink())
            except OSError:
                continue
            if marker in words or marker in where:
                found.append(f"{entry.name}: {words}")
    return found


def _kinds(project: Path) -> list[str]:
    store = SqlRunStore(SqliteDatabase(project / ".crewctl/crewctl.db"))
    ids = store.run_ids()
    return [record.event.kind for record in store.events_of(ids[0])] if ids else []


def _start_lingering(project: Path) -> tuple[subprocess.Popen[bytes], str]:
    marker = _lingering_market(project)
    approve(project)
    run = subprocess.Popen(
        [CREWCTL, "kickoff", "outreach-email", *INPUTS],
        cwd=project,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    # The grandchild is there, and the research and two other drafts are finished.
    _wait_until(lambda: _with(marker) and _kinds(project).count("StepFinished") >= 3)
    return run, marker


def test_a_killed_parent_leaves_nothing_and_the_run_is_shown_as_lost(project: Path) -> None:
    """`kill -9` in a market with a grandchild in its own session."""
    run, marker = _start_lingering(project)
    run.kill()
    run.wait(timeout=10)
    _wait_until(lambda: not _with(marker) and not _with(str(project)), seconds=5)

    (shown,) = json.loads(crewctl(project, "runs", "-o", "json").stdout)
    assert shown["outcome"] == "lost"
    crewctl(project, "stop", "last", "--reason", "it is not gone on with")
    (path,) = project.glob("registry/reports/outreach-email/*.json")
    report = json.loads(path.read_text(encoding="utf-8"))
    assert report["partial"] is True
    done = [each["agent"] for each in report["contestants"] if each["outcome"] == "done"]
    assert sorted(done) == ["direct_writer", "question_writer"]
    assert all(each["output"] for each in report["contestants"] if each["outcome"] == "done")
    crewctl(project, "report", "last")
    crewctl(project, "kickoff", "company-brief", "-i", "company=Acme Corp")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 130)])
def test_a_signal_ends_the_whole_tree_and_keeps_what_was_finished(
    project: Path, number: signal.Signals, code: int
) -> None:
    run, marker = _start_lingering(project)
    run.send_signal(number)
    assert run.wait(timeout=10) == code
    assert _with(marker) == []
    (path,) = project.glob("registry/reports/outreach-email/*.json")
    report = json.loads(path.read_text(encoding="utf-8"))
    assert (report["outcome"], report["partial"]) == ("interrupted", True)


def test_stop_ends_a_run_from_another_terminal(project: Path) -> None:
    run, marker = _start_lingering(project)
    crewctl(project, "stop", "last", "--reason", "seen enough of it")
    assert run.wait(timeout=10) == 6
    assert _with(marker) == []
    (path,) = project.glob("registry/reports/outreach-email/*.json")
    report = json.loads(path.read_text(encoding="utf-8"))
    assert report["outcome"] == "stopped"
    assert "seen enough of it" in json.dumps(report["stopped"])


def test_one_approval_for_one_run_is_enough_for_one_of_two_at_once(project: Path) -> None:
    approve(project, "--max-runs", "1")
    runs = [
        subprocess.Popen(
            [CREWCTL, "kickoff", "outreach-email", *INPUTS],
            cwd=project,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(2)
    ]
    assert sorted(run.wait(timeout=120) for run in runs) == [0, 4]


ASSEMBLE = """
import sys, crewctl
assert not any(name.startswith("crewai") for name in sys.modules)
crew = crewctl.assemble(sys.argv[1])
import crewai
assert isinstance(crew, crewai.Crew)
print(crew.process.value, len(crew.tasks), len(crew.agents))
try:
    crew.kickoff()
except crewctl.errors.NotApprovedError as refused:
    print(refused.help)
"""


@pytest.mark.parametrize(
    ("crew", "shape"),
    [
        ("company-brief", "sequential 2 2"),
        ("due-diligence", "hierarchical 2 2"),
        ("outreach-email", "sequential 5 5"),
    ],
)
def test_assemble_gives_the_real_crew_which_only_the_registry_runs(
    project: Path, crew: str, shape: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASSEMBLE, crew],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout.splitlines() == [shape, f"run it with: crewctl kickoff {crew}"], done.stderr
