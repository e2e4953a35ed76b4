"""`crewctl replay`: the same report from the recording alone, by the model server's own count of calls."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from crewctl.adapters.file_content_store import FileContentStore
from crewctl.adapters.new_files import write_new
from crewctl.audit.events import Recorded, ToolCallStarted, TurnGranted
from crewctl.audit.events_recorded import ExchangeRecorded, ExchangeReplayed
from crewctl.testing.model_server import ModelServer
from crewctl.testing.model_server_behaviours import DELEGATE, coworkers, failing, plain
from crewctl.testing.model_server_exchange import Answer, Asked, Failure, Reply, ToolCall
from crewctl.testing.replayed_run import recorded_model, replayed
from crewctl.wiring.project import Project

pytestmark = pytest.mark.real

LEDGER = '''
from pathlib import Path
from crewai.tools import tool

with (Path({root!r}) / "imports.txt").open("a") as file:
    file.write("imported\\n")

@tool("book")
def book(entry: str, pages: int = 1) -> str:
    """Write an entry into the ledger outside."""
    with (Path({root!r}) / "ledger.txt").open("a") as file:
        file.write(entry + "\\n")
    return f"booked {{entry}} on {{pages}}"
'''
AGENTS = """
clerk: {role: Clerk, goal: Book., backstory: Years of it., tools: ["custom:book"]}
lead: {role: Lead, goal: Lead., backstory: Years of it., allow_delegation: true}
judge: {role: Judge, goal: Judge., backstory: Years of it., llm: judge}
one: {role: First Writer, goal: Write., backstory: Years of it.}
two: {role: Second Writer, goal: Write., backstory: Years of it.}
"""
TASKS = """
books: {description: "Keep the books of {company}.", expected_output: A list., agent: clerk, output_file: out/books.md}
sum: {description: Sum up., expected_output: A sum., agent: lead}
led: {description: Lead the work., expected_output: A result.}
letter: {description: "Write to {company}.", expected_output: A letter.}
"""
INPUTS = "inputs: {company: {description: Who it is about, example: Acme}}\n"
CREWS = {
    "office": f"description: Tools and delegation.\n{INPUTS}process: sequential\ntasks: [books, sum]\n",
    "led": "description: A manager and a tool.\nprocess: hierarchical\nagents: [clerk, lead]\nmanager: default\n"
    "tasks: [led]\n",
    "market": f"description: Two letters.\n{INPUTS}process: market\nmarket: {{task: letter, contestants: [one, two],"
    " judge: judge, rubric: letters}\n",
}
ENTRY = (
    "owner: ada@example.eu\nrisk_level: minimal\nhuman_oversight_required: false\nlimits: {max_turns: 60}\n"
)


def worker(asked: Asked) -> Reply:
    """Call the tool twice, delegate once, fail once in between, and answer."""
    names = {str(tool.get("name")): tool for tool in asked.tools}
    done = len(asked.tool_results)
    if "book" in names and done < 2:
        return Answer(tool_calls=(ToolCall("book", {"entry": f"entry {done + 1}"}),))
    if DELEGATE in names and done < 1:
        told = {"task": "Book this.", "context": "All of it.", "coworker": coworkers(names[DELEGATE])[0]}
        return Answer(tool_calls=(ToolCall(DELEGATE, told),))
    return plain(asked)


@pytest.fixture
def root(tmp_path: Path, server: ModelServer) -> Path:
    limited = Failure(429, "wait a little", retry_after=0)
    server.behave("worker", failing(limited, when=lambda count: count == 2, then=worker))
    model = f"{{model: openai/worker, base_url: '{server.base_url}', price: free}}"
    files = {
        "config/agents.yaml": AGENTS,
        "config/tasks.yaml": TASKS,
        "config/models.yaml": f"default: {model}\njudge: offline\n",
        "registry/policy.yaml": "tools: {'custom:book': [reads_files]}\n",
        "registry/rubrics/letters.yaml": "criteria:\n  clear: {weight: 1, says: It can be understood.}\n",
        "tools/book.py": LEDGER.format(root=str(tmp_path)),
    }
    files |= {f"crews/{name}.yaml": text for name, text in CREWS.items()}
    files |= {f"registry/entries/{name}.yaml": ENTRY for name in CREWS}
    write_new(files, tmp_path)
    return tmp_path


def crewctl(root: Path, *words: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "crewctl", "--project", str(root), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert code is None or done.returncode == code, (
        f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    )
    return done


def kickoff(root: Path, crew: str, code: int = 0) -> Any:
    inputs = [] if crew == "led" else ["-i", "company=Acme"]
    return json.loads(crewctl(root, "kickoff", crew, *inputs, "-q", "-o", "json", code=code).stdout)


def replay(root: Path, run: str, code: int = 0) -> Any:
    return json.loads(crewctl(root, "replay", run, "-q", "-o", "json", code=code).stdout)


def events(root: Path, run: str, kind: type) -> list[Any]:
    records: list[Recorded] = list(Project(root).store.events_of(run))
    return [record.event for record in records if isinstance(record.event, kind)]


def lines(file: Path) -> int:
    return len(file.read_text().splitlines()) if file.exists() else 0


@pytest.mark.parametrize("crew", CREWS)
def test_a_run_with_tools_and_delegation_is_replayed_without_one_call(
    crew: str, root: Path, server: ModelServer
) -> None:
    report = kickoff(root, crew)
    calls = len(server.calls)
    booked, imported = lines(root / "ledger.txt"), lines(root / "imports.txt")
    files = {file: file.stat().st_mtime_ns for file in (root / "out").glob("*")}
    assert calls > 0
    assert crew == "market" or booked >= 2

    found = replay(root, report["run_id"])

    assert found["equal"] is True
    assert found["diverged"] is None
    assert found["answers_given"] == found["answers_recorded"] > 0
    assert found["model_calls"] == 0
    # By the server's log, the ledger outside and the disk: nothing was asked, called, imported or written.
    assert len(server.calls) == calls
    assert lines(root / "ledger.txt") == booked
    assert lines(root / "imports.txt") == imported
    assert {file: file.stat().st_mtime_ns for file in (root / "out").glob("*")} == files
    assert events(root, found["run_id"], TurnGranted) == []
    assert events(root, found["run_id"], ToolCallStarted) == []
    again = json.loads(crewctl(root, "report", found["run_id"], "-o", "json").stdout)
    assert (again["output"], again["outcome"]) == (report["output"], report["outcome"])
    assert (again["source"], again["of"]) == ("replay", report["run_id"])
    assert again["bill"]["total"]["turns"] == 0
    assert len(list((root / "registry/reports").rglob("*.json"))) == 1


def test_a_replay_needs_neither_the_endpoint_nor_the_projects_files_nor_an_approval(
    root: Path, server: ModelServer
) -> None:
    run = kickoff(root, "office")["run_id"]
    calls = len(server.calls)
    (root / "config/models.yaml").write_text("default: openai/gpt-4o\njudge: offline\n")
    (root / "tools/book.py").unlink()
    (root / "config/agents.yaml").write_text(AGENTS.replace("Keep", "Lose"))

    assert replay(root, run)["equal"] is True
    assert len(server.calls) == calls


def test_a_replay_can_be_replayed(root: Path) -> None:
    run = kickoff(root, "office")["run_id"]
    first = replayed(root, run)
    second = replayed(root, first.replay)
    assert second.equal
    assert second.given == first.given > 0
    # Without a name the newest run is meant that is no replay itself.
    assert json.loads(crewctl(root, "replay", "-q", "-o", "json").stdout)["replays"] == run


def test_a_failed_run_fails_in_its_replay_too(root: Path, server: ModelServer) -> None:
    server.behave("worker", failing(Failure(500), when=lambda count: count >= 3, then=worker))
    report = kickoff(root, "office", code=1)
    calls = len(server.calls)

    found = replay(root, report["run_id"])

    assert found["equal"] is True
    assert found["outcome"] == {"before": "failed", "after": "failed"}
    assert len(server.calls) == calls


def test_a_run_that_reached_a_limit_reaches_it_in_its_replay(root: Path, server: ModelServer) -> None:
    entry = root / "registry/entries/office.yaml"
    entry.write_text(ENTRY.replace("60", "3"))
    report = kickoff(root, "office", code=5)
    calls = len(server.calls)

    found = replay(root, report["run_id"])

    assert found["outcome"] == {"before": "limit_reached", "after": "limit_reached"}
    assert found["equal"] is True
    assert len(server.calls) == calls


def test_where_a_replay_parts_from_its_run_is_shown_word_by_word(root: Path, server: ModelServer) -> None:
    """A recording that was tampered with is found out at the first question that follows from it."""
    report = kickoff(root, "office")
    calls = len(server.calls)
    recorded = [event for event in events(root, report["run_id"], ExchangeRecorded) if event.what == "tool"]
    kept = FileContentStore(root).get(recorded[0].exchange)
    file = root / ".crewctl/content" / recorded[0].exchange.id
    file.write_bytes(kept.replace(b"booked entry 1", b"burned entry 1"))

    found = replay(root, report["run_id"], code=1)

    assert found["equal"] is False
    parted = found["diverged"]
    assert (parted["step"], parted["what"]) == ("1.books", "model")
    assert parted["recorded_number"] == parted["number"]
    assert "[-booked-]{+burned+}" in parted["change"]
    assert "messages" in parted["change"]
    assert len(server.calls) == calls
    shown = crewctl(root, "replay", report["run_id"], "-q", code=1)
    assert "not equal" in shown.stdout
    assert "[-booked-]{+burned+}" in shown.stdout
    assert "≠ 1.books" in shown.stdout


def test_what_cannot_be_replayed_says_why(root: Path) -> None:
    report = kickoff(root, "office")
    FileContentStore(root).erase(report["run_id"])
    erased = crewctl(root, "replay", report["run_id"], code=9)
    assert "have been erased, its recording with them" in erased.stderr
    (root / "registry/entries/office.yaml").write_text(
        ENTRY.replace("minimal", "high").replace("false", "true")
    )
    crewctl(root, "kickoff", "office", "-i", "company=Acme", code=4)
    refused = crewctl(root, "replay", "last", code=3)
    assert "was never started" in refused.stderr


def test_runs_and_logs_say_what_a_replay_is(root: Path) -> None:
    run = kickoff(root, "office")["run_id"]
    found = replay(root, run)
    rows = crewctl(root, "runs").stdout
    assert f"replay of {run}" in " ".join(rows.split())
    log = crewctl(root, "logs", found["run_id"]).stdout
    assert f"is answered from run {run}" in log
    assert len(events(root, found["run_id"], ExchangeReplayed)) == found["answers_given"]


def test_what_people_answered_is_answered_again_in_a_replay(root: Path) -> None:
    """A run that waited, was amended and went on is replayed to its end at once."""
    tasks = root / "config/tasks.yaml"
    replace(tasks, "agent: clerk,", "agent: clerk, human_input: true,")
    (root / "config/models.yaml").write_text("default: offline\njudge: offline\n")
    waiting = kickoff(root, "office", code=7)
    (card,) = waiting["cards"]
    text = ("--text", "The books, put right.", "--reason", "a figure was wrong", "--yes")
    crewctl(root, "card", "amend", card, *text)
    report = json.loads(crewctl(root, "resume", waiting["run_id"], "-q", "-o", "json").stdout)

    found = replay(root, report["run_id"])

    assert found["equal"] is True
    again = json.loads(crewctl(root, "report", found["run_id"], "-o", "json").stdout)
    assert again["output"] == report["output"]
    assert again["cards"][0]["reason"] == "a figure was wrong"


def test_a_run_whose_tool_calls_people_approved_is_replayed_without_asking_anybody(
    root: Path, server: ModelServer
) -> None:
    (root / "registry/policy.yaml").write_text(
        "tools: {'custom:book': [reads_files]}\ncalls: {reads_files: ask}\n"
    )
    waiting = kickoff(root, "office", code=7)
    run, reason = waiting["run_id"], ("--reason", "reviewed for this very test", "--yes")
    asked = 0
    while waiting["outcome"] == "waiting":
        crewctl(root, "card", "approve", waiting["cards"][0], *reason)
        asked += 1
        waiting = json.loads(crewctl(root, "resume", run, "-q", "-o", "json", code=None).stdout)
    assert waiting["outcome"] == "finished"
    calls, booked = len(server.calls), lines(root / "ledger.txt")
    assert asked == booked >= 2
    # Each wait's step began anew and asked nothing twice.
    assert len(events(root, run, TurnGranted)) == calls

    found = replay(root, run)

    assert found["equal"] is True
    assert (len(server.calls), lines(root / "ledger.txt")) == (calls, booked)


def replace(file: Path, before: str, after: str) -> None:
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))


def recorded(root: Path, run: str) -> None:
    (root / "config/models.yaml").write_text(json.dumps({"default": recorded_model(run), "judge": "offline"}))


def test_a_recorded_model_answers_as_that_run_was_answered(root: Path, server: ModelServer) -> None:
    """`models: {default: {replay: RUN}}`: a fixture that is free and offline, with the tools as they are."""
    first = kickoff(root, "office")
    calls, booked = len(server.calls), lines(root / "ledger.txt")
    recorded(root, first["run_id"])

    again = kickoff(root, "office")

    assert again["output"] == first["output"]
    assert [task["output"] for task in again["tasks"]] == [task["output"] for task in first["tasks"]]
    assert len(server.calls) == calls
    assert lines(root / "ledger.txt") == 2 * booked
    assert again["simulated"] is True
    # The turns count, for the limits are to bite as they would; they cost nothing.
    assert again["bill"]["total"]["turns"] == first["bill"]["total"]["turns"]
    assert again["bill"]["total"]["cost_usd"] == 0
    planned = json.loads(crewctl(root, "plan", "office", "-i", "company=Acme", "-o", "json").stdout)
    (model,) = planned["models"]
    assert model["recorded"]["run"] == first["run_id"]
    assert len(model["recorded"]["sha256"]) == 64


def test_a_recorded_model_fails_at_a_question_that_was_never_asked(root: Path, server: ModelServer) -> None:
    run = kickoff(root, "office")["run_id"]
    calls = len(server.calls)
    recorded(root, run)
    replace(root / "config/tasks.yaml", "Keep the books of", "Keep all the books of")

    done = crewctl(root, "kickoff", "office", "-i", "company=Acme", "-q", code=1)

    said = " ".join((done.stdout + done.stderr).split())
    assert f"what run {run} was not asked at its question 1" in said
    assert "{+all +}" in said or "{+ all+}" in said
    assert len(server.calls) == calls


def test_a_recording_that_was_changed_since_it_was_planned_answers_nothing(root: Path) -> None:
    run = kickoff(root, "office")["run_id"]
    recorded(root, run)
    entry = root / "registry/entries/office.yaml"
    entry.write_text(ENTRY.replace("minimal", "limited").replace("false", "true"))
    crewctl(root, "approve", "office", "--reason", "reviewed for this very test", "--expires", "1h")
    event = next(one for one in events(root, run, ExchangeRecorded) if one.what == "model")
    file = root / ".crewctl/content" / event.exchange.id
    file.write_bytes(file.read_bytes().replace(b"book", b"burn"))

    refused = crewctl(root, "kickoff", "office", "-i", "company=Acme", code=4)

    assert "models.default.recorded.sha256" in refused.stderr


def test_a_run_that_does_not_exist_is_a_problem_with_its_place(root: Path) -> None:
    recorded(root, "20200101-000000-beef")
    done = crewctl(root, "plan", "office", "-i", "company=Acme", code=3)
    assert "config/models.yaml:1:24: there is no run '20200101-000000-beef'" in done.stderr
