"""A sending crew on the command line: it waits, a person changes and approves, and one letter goes out."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.real

CREWCTL = str(Path(sys.executable).with_name("crewctl"))
REASON = ("--reason", "for this very test")
WAITING = 7

FILES = {
    "config/agents.yaml": """
sender:
  role: Sender
  goal: Send what was asked for
  backstory: You send letters.
  tools: [custom:send_letter]
""",
    "config/tasks.yaml": """
send:
  description: Send a letter.
  expected_output: A confirmation.
  agent: sender
""",
    "config/models.yaml": "default: {model: scripted, script: script.yaml}\n",
    "crews/letters.yaml": "description: Sends a letter.\nprocess: sequential\ntasks: [send]\n",
    "registry/policy.yaml": "tools:\n  custom:send_letter: [sends_data]\n",
    "script.yaml": """
turns:
  - calls:
      - {tool: send_letter, arguments: {to: Elena, text: Hello}}
  - answer: Done.
""",
    "tools/send_letter.py": '''
import time
from pathlib import Path
from crewai.tools import tool


@tool("send_letter")
def send_letter(to: str, text: str) -> str:
    """Send a letter."""
    with Path("LEDGER").open("a") as ledger:
        ledger.write(f"{to}: {text}\\n")
    time.sleep(60 if text == "slowly" else 0)
    return f"sent to {to}"
''',
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.replace("LEDGER", str(tmp_path / "ledger.txt")), encoding="utf-8")
    crewctl(tmp_path, "approve", "letters", *REASON)
    return tmp_path


def crewctl(project: Path, *words: str, code: int = 0) -> str:
    done = subprocess.run(
        [CREWCTL, *words], cwd=project, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == code, f"{words}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def held(project: Path) -> str:
    """Kick off, and return the id of the run that waits."""
    crewctl(project, "kickoff", "letters", code=WAITING)
    (run,) = json.loads(crewctl(project, "runs", "-o", "json"))
    return str(run["run"])


def ledger(project: Path) -> list[str]:
    file = project / "ledger.txt"
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def test_a_letter_goes_out_as_a_person_changed_and_approved_it(project: Path) -> None:
    run = held(project)
    changed = '{"to": "Elena", "text": "Dear Elena"}'
    crewctl(project, "card", "amend", f"{run}.1", "--args", changed, *REASON)
    assert ledger(project) == []
    crewctl(project, "card", "approve", f"{run}.2", *REASON)

    crewctl(project, "resume", run)

    assert ledger(project) == ["Elena: Dear Elena"]
    [report] = project.glob("registry/reports/letters/*.json")
    assert json.loads(report.read_text(encoding="utf-8"))["outcome"] == "finished"


def test_a_worker_that_is_killed_during_the_call_sends_no_second_letter(project: Path) -> None:
    run = held(project)
    crewctl(project, "card", "amend", f"{run}.1", "--args", '{"to": "Elena", "text": "slowly"}', *REASON)
    crewctl(project, "card", "approve", f"{run}.2", *REASON)
    with subprocess.Popen([CREWCTL, "resume", run], cwd=project, stdout=subprocess.DEVNULL) as worker:
        until = time.monotonic() + 60
        while not ledger(project):
            assert time.monotonic() < until
            time.sleep(0.05)
        worker.kill()

    crewctl(project, "resume", run, code=WAITING)
    crewctl(project, "card", "amend", f"{run}.3", "--text", "it was sent", *REASON)
    crewctl(project, "resume", run)

    assert ledger(project) == ["Elena: slowly"]
    assert "a person said what it came to in attempt 2" in crewctl(project, "logs", run)
