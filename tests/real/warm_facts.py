"""Warms as the zygote does and then makes a first call; writes what happened to the descriptor in argv."""

import contextlib
import json
import os
import sys
import threading
import warnings
from pathlib import Path

warnings.simplefilter("ignore")

CONNECTING = {"socket.connect", "socket.getaddrinfo", "socket.sendto"}
seen: list[str] = []
sys.addaudithook(lambda event, _: seen.append(event) if event in CONNECTING else None)

from crewctl.adapters.crewai_warm import warm  # noqa: E402 - after the watch is on

warm(tools=sys.argv[2] == "tools")
found = {
    "connections": list(seen),
    "threads": [thread.name for thread in threading.enumerate()],
    "tasks": len(list(Path("/proc/self/task").iterdir())),
    "never": [name for name in ("lancedb", "onnxruntime") if name in sys.modules],
    "crewai_tools": "crewai_tools" in sys.modules,
    "child": "crewctl.adapters.crewai_child" in sys.modules,
}

from crewai import LLM, Agent, Crew, Task  # noqa: E402 - imported already, by warm

before = set(sys.modules)
llm = LLM(model="openai/nobody", base_url="http://127.0.0.1:9/v1", api_key="none", max_retries=0)
agent = Agent(role="R", goal="g", backstory="b", llm=llm, max_retry_limit=0)
with contextlib.suppress(ConnectionError):
    Crew(agents=[agent], tasks=[Task(description="d", expected_output="e", agent=agent)]).kickoff()
found["late"] = sorted(set(sys.modules) - before)
os.write(int(sys.argv[1]), json.dumps(found).encode())
os._exit(0)
