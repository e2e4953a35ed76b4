"""The same work in bare CrewAI, with the same opt-outs: python bare.py CASE MODEL URL LIMIT."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from typing import Any

os.environ.update(
    CREWAI_DISABLE_TELEMETRY="true",
    CREWAI_TRACING_ENABLED="false",
    CREWAI_DISABLE_VERSION_CHECK="true",
    CREWAI_TESTING="true",
    OTEL_SDK_DISABLED="true",
    PYTHON_DOTENV_DISABLED="1",
    CREWAI_STORAGE_DIR=tempfile.mkdtemp(),
    HOME=tempfile.mkdtemp(),
)

from crewai import LLM, Agent, Crew, Process, Task
from crewai.tools import tool

CASE, MODEL, URL, LIMIT = sys.argv[1:5]
STREAM = CASE.endswith("-stream")
CASE = CASE.removesuffix("-stream")


@tool("lookup")
def lookup(question: str) -> str:
    """Look a question up."""
    return f"Nothing is known about {question}." + (" and so on" * 400 if CASE == "summary" else "")


def llm(**more: Any) -> LLM:
    """Return the loopback model as a user would set it up."""
    return LLM(
        model=f"openai/{MODEL}", base_url=URL, api_key="sk-made-up-for-loopback", stream=STREAM, **more
    )


def agent(role: str, **more: Any) -> Agent:
    """Return an agent limited by CrewAI's own means."""
    limits = {"max_execution_time": int(LIMIT)} if CASE == "hang" else {"max_iter": int(LIMIT)}
    return Agent(role=role, goal="Do the work.", backstory="You are thorough.", llm=llm(), **limits, **more)


def task(who: Agent | None, text: str = "Find out.", **more: Any) -> Task:
    """Return one task."""
    return Task(description=text, expected_output="A note.", agent=who, **more)


def crew() -> Crew:
    """Return the crew of the case."""
    if CASE == "hierarchy":
        workers = [agent("Analyst"), agent("Lawyer")]
        manager = agent("Lead", allow_delegation=True)
        return Crew(agents=workers, tasks=[task(None)], process=Process.hierarchical, manager_agent=manager)
    if CASE == "market":
        writers = [agent(f"Writer {n}", tools=[lookup]) for n in (1, 2, 3)]
        drafts = [task(writer, async_execution=True) for writer in writers]
        judge = agent("Judge")
        return Crew(
            agents=[*writers, judge], tasks=[*drafts, task(judge, "Choose the best.", context=drafts)]
        )
    if CASE == "guardrail":
        worker = agent("Worker")
        return Crew(
            agents=[worker], tasks=[task(worker, guardrail="It is good.", guardrail_max_retries=int(LIMIT))]
        )
    worker = agent("Worker", tools=[lookup] if CASE != "hang" else [])
    return Crew(agents=[worker], tasks=[task(worker)])


built = crew()
start = time.perf_counter()
try:
    outcome = f"answered {len(str(built.kickoff()))} characters"
except BaseException as error:  # noqa: BLE001 - whatever ends it is the finding
    outcome = type(error).__name__
print(f"{time.perf_counter() - start:.2f} {outcome}")
os._exit(0)
