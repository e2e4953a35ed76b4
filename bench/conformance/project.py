"""A throw-away project around one crew, run by the command line as a user would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

CREWCTL = str(Path(sys.executable).with_name("crewctl"))
KEY = "sk-made-up-for-loopback"
AGENT = "{name}:\n  role: {role}\n  goal: Do the work.\n  backstory: You are thorough.\n{more}"
TASK = "{name}:\n  description: {text}\n  expected_output: A note.\n{more}"
MODEL = (
    'default: {{model: openai/{model}, base_url: "{url}", api_key: "${{env:CONFORMANCE_KEY}}", '
    "max_output_tokens: {cap}, stream: {stream}{price}}}\n"
)
LOOKUP = '''"""A tool that answers at once."""

from crewai.tools import tool


@tool("lookup")
def lookup(question: str) -> str:
    """Look a question up."""
    return f"Nothing is known about {question}."
'''


@dataclass(frozen=True)
class Ended:
    """How one kickoff ended; `seconds` to process exit, `exited` on the wall clock."""

    exit: int
    seconds: float
    exited: float
    stdout: str
    stderr: str
    folder: Path

    @property
    def report(self) -> Any:
        """The run's report."""
        (path,) = self.folder.glob("registry/reports/*/*.json")
        return json.loads(path.read_text(encoding="utf-8"))


def model(name: str, url: str, *, cap: int = 256, stream: bool = False, price: str = ", price: free") -> str:
    """Return config/models.yaml with one model on the loopback server."""
    return MODEL.format(model=name, url=url, cap=cap, stream=str(stream).lower(), price=price)


@contextmanager
def project(files: Mapping[str, str]) -> Iterator[Path]:
    """Write the files into a fresh folder, with an entry that needs no approval."""
    with TemporaryDirectory(prefix="conformance-") as name:
        folder = Path(name)
        entry = "risk_level: minimal\nhuman_oversight_required: false\n"
        policy = files.get("registry/policy.yaml", "") + _harmless(files)
        governed = {"registry/entries/case.yaml": entry, **files, "registry/policy.yaml": policy}
        for path, text in governed.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        yield folder


def _harmless(files: Mapping[str, str]) -> str:
    """Let the policy say of the case's own tools that they do nothing for which a person is asked."""
    own = [Path(path).stem for path in files if path.startswith("tools/")]
    return "".join(["tools:\n", *(f"  custom:{name}: []\n" for name in own)]) if own else ""


def kickoff(folder: Path) -> Ended:
    """Run the project's one crew and wait for the process to exit."""
    env = {**os.environ, "CONFORMANCE_KEY": KEY}
    start = time.perf_counter()
    done = subprocess.run(
        [CREWCTL, "kickoff", "case"],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    seconds = time.perf_counter() - start
    return Ended(done.returncode, seconds, time.time(), done.stdout, done.stderr, folder)


def survivors(folder: Path, marker: str) -> list[str]:
    """Return the command lines of processes that stand in the project or carry the marker."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            where = str((entry / "cwd").readlink())
        except OSError:
            continue
        if where.startswith(str(folder)) or (marker and marker in words):
            found.append(f"{entry.name} {words}")
    return found
