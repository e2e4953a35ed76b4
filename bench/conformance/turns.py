"""Rows about turns: `max_turns: N` means N model calls, whoever makes them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from project import AGENT, LOOKUP, TASK, kickoff, model, project
from row import Row

from crewctl.testing.model_server import ModelServer
from crewctl.testing.model_server_behaviours import Behaviour, looping, plain
from crewctl.testing.model_server_exchange import Answer, Asked, Failure, Reply

TURNS = (1, 3, 7)
LIMIT_EXIT = 5
ONE_TASK = "description: One task.\nprocess: sequential\ntasks: [work]\nlimits: {{max_turns: {n}}}\n"
WITH_TOOL = "  tools: [custom:lookup]\n"


@dataclass(frozen=True)
class Case:
    """Files of a project (``{n}`` in the crew is the limit), and the model that answers."""

    name: str
    bare: str
    model: str
    files: Mapping[str, str]
    stream: bool = False


def _worker(more: str = "") -> str:
    return AGENT.format(name="worker", role="Worker", more=more)


def _work(more: str = "  agent: worker\n", text: str = "Find out.") -> str:
    return TASK.format(name="work", text=text, more=more)


LOOP = {
    "config/agents.yaml": _worker(WITH_TOOL),
    "config/tasks.yaml": _work(),
    "crews/case.yaml": ONE_TASK,
    "tools/lookup.py": LOOKUP,
}
LONG_LOOKUP = LOOKUP.replace('{question}."', '{question}." + " and so on" * 400')
HIERARCHY = {
    "config/agents.yaml": AGENT.format(name="analyst", role="Analyst", more="")
    + AGENT.format(name="lawyer", role="Lawyer", more="")
    + AGENT.format(name="lead", role="Lead", more="  allow_delegation: true\n"),
    "config/tasks.yaml": _work(""),
    "crews/case.yaml": "description: A team.\nprocess: hierarchical\ntasks: [work]\nagents: [analyst, lawyer]\n"
    "manager: lead\nlimits: {{max_turns: {n}}}\n",
}
MARKET = {
    "config/agents.yaml": "".join(
        AGENT.format(name=f"writer_{n}", role=f"Writer {n}", more="") for n in (1, 2, 3)
    )
    + AGENT.format(name="judge", role="Judge", more=""),
    "config/tasks.yaml": _work("", "Write a note."),
    "registry/rubrics/short.yaml": "criteria:\n  clear: {says: It is clear.}\n",
    "crews/case.yaml": "description: A market.\nprocess: market\nmarket:\n  task: work\n"
    "  contestants: [writer_1, writer_2, writer_3]\n  judge: judge\n  rubric: short\nlimits: {{max_turns: {n}}}\n",
}
GUARDED = {
    "config/agents.yaml": _worker(),
    "config/tasks.yaml": _work("  agent: worker\n  guardrail: It is good.\n  guardrail_max_retries: 20\n"),
    "crews/case.yaml": ONE_TASK,
}

_PLAIN_CASES = (
    Case("endless tool loop", "loop", "tool-loop", LOOP),
    Case("delegating hierarchy", "hierarchy", "delegate-for-ever", HIERARCHY),
    Case("market of three with its judge", "market", "plain", MARKET),
    Case("guardrail that never passes", "guardrail", "guardrail-invalid", GUARDED),
    Case("chatty, context summarised", "summary", "forgetful", {**LOOP, "tools/lookup.py": LONG_LOOKUP}),
    Case("429 every other call, 429s counted", "loop", "busy", LOOP),
)
CASES = (
    *_PLAIN_CASES,
    *(replace(case, name=f"{case.name}, streaming", stream=True) for case in _PLAIN_CASES),
)


def _forgetful(asked: Asked) -> Reply:
    """Loop over a tool until the conversation is too long, summarise it when asked to."""
    if "creates structured summaries" in asked.text:
        return Answer("<summary>The question was looked up without result.</summary>")
    if len(asked.text) > 6_000:
        return Failure(400, "maximum context length exceeded", code="context_length_exceeded")
    return looping(asked)


def _busy(asked: Asked) -> Reply:
    if asked.count % 2:
        return Failure(429, "rate limit reached", code="rate_limit_exceeded", retry_after=0.05)
    return looping(asked) if asked.tools else plain(asked)


EXTRA: Mapping[str, Behaviour] = {"forgetful": _forgetful, "busy": _busy}


def turn_rows(word: str, *, bare: bool) -> Iterator[Row]:
    """Yield a row for each case and limit: the server's count for crewctl and for bare CrewAI."""
    for case in CASES:
        if word not in case.name:
            continue
        for limit in TURNS:
            ours, code = _ours(case, limit)
            theirs = f"{_bare(case, limit)} calls" if bare else "not run"
            yield Row(
                case=case.name,
                limit=f"max_turns: {limit}",
                crewctl=f"{ours} calls, exit {code}",
                bare=theirs,
                holds=ours == limit and code == LIMIT_EXIT,
            )


def _server() -> ModelServer:
    server = ModelServer()
    for name, behaviour in EXTRA.items():
        server.behave(name, behaviour)
    return server


def _ours(case: Case, limit: int) -> tuple[int, int]:
    with _server() as server:
        files = dict(case.files)
        files["crews/case.yaml"] = files["crews/case.yaml"].format(n=limit)
        files["config/models.yaml"] = model(case.model, server.base_url, stream=case.stream)
        files["registry/policy.yaml"] = "retry: {attempts: 20, backoff: 0.05s}\n"
        with project(files) as folder:
            ended = kickoff(folder)
        return len(server.calls), ended.exit


def _bare(case: Case, limit: int) -> int:
    with _server() as server:
        script = Path(__file__).with_name("bare.py")
        command = [
            sys.executable,
            str(script),
            case.bare + "-stream" * case.stream,
            case.model,
            server.base_url,
            str(limit),
        ]
        subprocess.run(command, capture_output=True, timeout=180, check=True)
        return len(server.calls)
