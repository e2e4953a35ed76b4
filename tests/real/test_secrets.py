"""A key that is in the environment is in no file and in no word of a command, whoever says it."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from crewctl.testing.model_server import ModelServer
from crewctl.testing.model_server_exchange import Answer, Asked, Failure, Hang, Reply, ToolCall

pytestmark = pytest.mark.real

CREWCTL = str(Path(sys.executable).with_name("crewctl"))
KEY = 'sk-made"up/for+this=test-0123456789'
DISGUISES = (KEY, json.dumps(KEY)[1:-1], quote(KEY, safe=""), base64.b64encode(KEY.encode()).decode())
# Whatever alignment a base64 text has, this much of the key is in it.
PARTS = (*DISGUISES[:3], *(base64.b64encode(b"-" * n + KEY.encode()).decode()[4:40] for n in range(3)))
FILES = {
    "config/models.yaml": 'default: {{model: openai/{model}, base_url: "{url}", api_key: "${{env:HOUSE_KEY}}"}}\n',
    "config/agents.yaml": "writer: {{role: Writer, goal: Write, backstory: Old, tools: [custom:leak]}}\n",
    "config/tasks.yaml": "write: {{description: Write it., expected_output: A text, agent: writer, output_file: out.txt}}\n",
    "crews/leaky.yaml": "description: It leaks.\nprocess: sequential\ntasks: [write]\n",
    "registry/entries/leaky.yaml": "risk_level: minimal\n",
    "registry/policy.yaml": 'tools: {{"custom:leak": []}}\n',
    "tools/leak.py": '''"""A tool that says its key in every way it has."""
import base64, os, subprocess, sys
from crewai.tools import tool

@tool("leak")
def leak(note: str) -> str:
    """Leak."""
    key = os.environ["HOUSE_KEY"]
    print("printed:", key, base64.b64encode(key.encode()).decode(), flush=True)
    print("for errors:", repr(key).strip("'"), file=sys.stderr, flush=True)
    subprocess.run(["/bin/echo", "by a process of its own:", key], check=True)
    if note == "raise":
        raise ValueError("the key is " + key)
    return "returned: " + key
''',
}


class Leaking:
    """A model that knows the key, says it whenever it says anything, and looks at the project meanwhile."""

    def __init__(self, project: Path, *replies: Reply) -> None:
        self.project = project
        self.replies = replies
        self.found: list[str] = []
        self.seen: set[str] = set()

    def __call__(self, asked: Asked) -> Reply:
        self.found += in_files(self.project)
        self.seen |= {str(file.relative_to(self.project)) for file in self.project.rglob("*")}
        return self.replies[min(asked.count, len(self.replies)) - 1]


def in_files(project: Path) -> list[str]:
    """Return the files that hold the key in any disguise; links and what goes away meanwhile are none."""
    found = []
    for file in project.rglob("*"):
        try:
            content = b"" if file.is_symlink() or not file.is_file() else file.read_bytes()
        except FileNotFoundError:
            continue
        found += [f"{file.relative_to(project)}: {part}" for part in PARTS if part.encode() in content]
    return found


def leaks(text: str) -> list[str]:
    return [part for part in PARTS if part in text]


def project(folder: Path, server: ModelServer, *replies: Reply) -> tuple[Path, Leaking]:
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        said = text if name.endswith(".py") else text.format(model="leaking", url=server.base_url)
        (folder / name).write_text(said, encoding="utf-8")
    model = Leaking(folder, *replies)
    server.behave("leaking", model)
    return folder, model


def crewctl(folder: Path, *words: str, code: int = 0) -> str:
    """Run a command with the key in its environment, and return all it said."""
    environ = {**os.environ, "HOUSE_KEY": KEY}
    done = subprocess.run(
        [CREWCTL, *words], cwd=folder, env=environ, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == code, f"{words}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


CALLS = Answer(" ".join(DISGUISES), tool_calls=(ToolCall("leak", {"note": f"with {' '.join(DISGUISES)}"}),))
RAISES = Answer(tool_calls=(ToolCall("leak", {"note": "raise"}),))
ANSWERS = Answer(f"My keys are {' and '.join(DISGUISES)}.")


def test_a_run_whose_model_and_tool_say_the_key_keeps_it_nowhere(tmp_path: Path, server: ModelServer) -> None:
    folder, model = project(tmp_path, server, CALLS, RAISES, ANSWERS)
    said = crewctl(folder, "kickoff", "leaky")
    again = crewctl(folder, "kickoff", "leaky", "-o", "json")
    assert in_files(folder) == []
    assert ".crewctl/crewctl.db-wal" in model.seen
    assert model.found == []
    assert leaks(said + again) == []
    assert "My keys are [" in said
    (log, _) = sorted(folder.glob(".crewctl/runs/*/steps/*/log.txt"))
    for way in (
        "printed: [redacted] [redacted]",
        "for errors: [redacted]",
        "a process of its own: [redacted]",
    ):
        assert way in log.read_text(), log.read_text()
    assert re.fullmatch(r"My keys are \[\w+\].*", (folder / "out.txt").read_text())
    shown = [
        *(
            ("plan", "leaky", "-o", "json"),
            ("logs", "last", "-o", "json"),
            ("logs", "last", "--step", "write"),
        ),
        *(("report", "last"), ("report", "last", "-o", "json"), ("trace", "last", "-o", "json")),
    ]
    for words in shown:
        assert leaks(crewctl(folder, *words)) == [], words


def test_a_run_whose_provider_repeats_the_key_in_its_error_keeps_it_nowhere(
    tmp_path: Path, server: ModelServer
) -> None:
    folder, model = project(
        tmp_path, server, CALLS, Failure(401, f"Incorrect API key: {' '.join(DISGUISES)}")
    )

    said = crewctl(folder, "kickoff", "leaky", code=1)

    assert "401" in said
    assert leaks(said) == []
    assert (in_files(folder), model.found) == ([], [])


def test_a_run_that_is_killed_after_it_printed_the_key_keeps_it_nowhere(
    tmp_path: Path, server: ModelServer
) -> None:
    folder, _ = project(tmp_path, server, CALLS, Hang())
    environ = {**os.environ, "HOUSE_KEY": KEY}
    run = subprocess.Popen(
        [CREWCTL, "kickoff", "leaky"],
        cwd=folder,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    server.wait_for_calls(2, timeout=60)
    run.send_signal(signal.SIGKILL)
    said, _ = run.communicate(timeout=30)

    (log,) = folder.glob(".crewctl/runs/*/steps/*/log.txt")
    assert "printed: [redacted]" in log.read_text()
    assert leaks(said.decode()) == []
    assert (folder / ".crewctl/crewctl.db-wal").stat().st_size > 0
    assert in_files(folder) == []
    crewctl(folder, "report", "last")
    assert in_files(folder) == []
