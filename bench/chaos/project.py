"""The project that chaos is made in: three short crews, a tool that leaves a mark outside, and a model's answers."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from crewctl.testing.model_server_exchange import Answer, Asked, Reply, ToolCall

CREWCTL = (sys.executable, "-m", "crewctl")
KEY = "sk-made-up-for-loopback"
CASE = re.compile(r"case-(\d{4})")
CREWS = ("letter", "drafts", "few")
"""A letter is posted; three drafts are judged; a few are let through by an approval that many share."""

FILES = {
    "config/agents.yaml": """\
clerk: {role: Clerk, goal: Look things up., backstory: You are thorough.}
poster: {role: Poster, goal: Post letters., backstory: You post each letter once., tools: ["custom:post"]}
plain: {role: Plain writer, goal: Write plainly., backstory: You leave out what can be left out.}
warm: {role: Warm writer, goal: Write warmly., backstory: You write as people speak.}
long: {role: Long writer, goal: Write at length., backstory: You leave nothing out.}
chief: {role: Chief, goal: Judge drafts., backstory: You have read many., llm: judge}
""",
    "config/tasks.yaml": """\
look: {description: "Look {case} up.", expected_output: Notes., agent: clerk}
post: {description: "Post a letter about {case}.", expected_output: What became of it., agent: poster}
tell: {description: "Tell what became of {case}.", expected_output: A line., agent: clerk}
draft: {description: "Draft a note on {case}.", expected_output: A note., agent: plain}
""",
    "crews/letter.yaml": """\
description: A letter is posted between two other tasks.
process: sequential
inputs: {case: {description: Which, example: case-0000}}
tasks: [look, post, tell]
""",
    "crews/drafts.yaml": """\
description: Three write a note and one judges.
process: market
inputs: {case: {description: Which, example: case-0000}}
market: {task: draft, contestants: [plain, warm, long], judge: chief, rubric: note, protocol: listwise_rotations}
""",
    "crews/few.yaml": """\
description: One task that only a few runs may do.
process: sequential
inputs: {case: {description: Which, example: case-0000}}
tasks: [look]
""",
    "registry/rubrics/note.yaml": "criteria:\n  clear: {says: It is clear.}\n",
    "registry/entries/letter.yaml": "risk_level: limited\nhuman_oversight_required: true\nlimits: {max_turns: 40}\n",
    "registry/entries/drafts.yaml": "risk_level: minimal\nhuman_oversight_required: false\nlimits: {max_turns: 60}\n",
    "registry/entries/few.yaml": "risk_level: high\nlimits: {max_turns: 20}\n",
    # Letters go out without a person's yes to each: what is tried here is that none goes out twice.
    "registry/policy.yaml": 'tools: {"custom:post": [sends_data]}\ncalls: {sends_data: allow}\ntask_retry: {attempts: 4, backoff: 1s}\n',
}
MODELS = """\
default: {{model: openai/chaos, base_url: "{url}", api_key: "${{env:CHAOS_KEY}}", max_output_tokens: 256, price: free}}
judge: offline
"""
POST = '''"""Post a letter: one line in a file outside of the project, as a service would keep it."""

import os
import time

from crewai.tools import tool
from crewctl.tools import idempotency_key


@tool("post")
def post(text: str) -> str:
    """Post a letter."""
    with open({outside!r}, "a", encoding="utf-8") as outside:
        outside.write(f"{{idempotency_key()}} {{os.getcwd()}} {{text}}\\n")
    time.sleep(0.1)
    return f"posted: {{text}}"
'''


def write_project(folder: Path, url: str, outside: Path) -> None:
    """Write the project into `folder`; its model is at `url`, and its tool writes into `outside`."""
    own = {"config/models.yaml": MODELS.format(url=url), "tools/post.py": POST.format(outside=str(outside))}
    for name, text in {**FILES, **own}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def crewctl(folder: Path, *words: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Run a command in the project as a person would, and wait for its end."""
    return subprocess.run(
        [*CREWCTL, *words],
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def environment() -> dict[str, str]:
    """Return what every process of the project is given."""
    return {**os.environ, "CHAOS_KEY": KEY, "NO_COLOR": "1"}


class Clerks:
    """What the model on loopback answers, and how often it was asked about each case: a witness outside."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a repeatable noise
        self._lock = threading.Lock()
        self._asked: Counter[int] = Counter()

    def __call__(self, asked: Asked) -> Reply:
        """Post a letter where there is a tool for it, else write; a little later than at once."""
        text = asked.text
        case = CASE.search(text)
        number = int(case.group(1)) if case else -1
        with self._lock:
            self._asked[number] += 1
            delay = self._random.uniform(0.0, 0.2)
        if any(tool.get("name") == "post" for tool in asked.tools) and not asked.tool_results:
            return Answer(tool_calls=(ToolCall("post", {"text": f"about case-{number:04}"}),), delay=delay)
        return Answer(_said(text, number), delay=delay)

    def asked(self) -> Mapping[int, int]:
        """Return how often the model was asked about each case."""
        with self._lock:
            return dict(self._asked)


def _said(text: str, number: int) -> str:
    if "Long writer" in text:
        facts = " ".join(f"Fact {n} of case-{number:04} was checked on day {n}." for n in range(1, 7))
        return f"The note on case-{number:04}. {facts}"
    if "Warm writer" in text:
        return f"Dear reader, here is what we know of case-{number:04}: it was checked, and it holds."
    return f"Case-{number:04} was checked."
