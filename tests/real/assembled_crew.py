"""Assembles the crew of a plan from standard input, and writes what it is to the descriptor in argv."""

import asyncio
import json
import os
import sys
import warnings

warnings.simplefilter("ignore")

from crewctl.adapters.crewai_assemble import assemble  # noqa: E402 - after the warnings are off
from crewctl.errors import CrewctlError  # noqa: E402 - as above
from crewctl.planning.plan import Plan  # noqa: E402 - as above

STARTS = ("kickoff", "kickoff_for_each", "replay", "train", "test")
ASYNC_STARTS = ("akickoff", "kickoff_async", "akickoff_for_each", "kickoff_for_each_async")


def refusal(start: str) -> str:
    try:
        begun = getattr(crew, start)()
        if asyncio.iscoroutine(begun):
            asyncio.run(begun)
    except CrewctlError as error:
        return f"{error.message}; {error.help}"
    return "it ran"


crew = assemble(Plan.model_validate_json(sys.stdin.read()))
found = {
    "class": [base.__module__ + "." + base.__name__ for base in type(crew).__mro__[:2]],
    "process": crew.process.value,
    "agents": [agent.role for agent in crew.agents],
    "tools": [[tool.name for tool in agent.tools] for agent in crew.agents],
    "manager": crew.manager_agent.role if crew.manager_agent else bool(crew.manager_llm),
    "tasks": [
        {
            "name": task.name,
            "agent": task.agent.role if task.agent else None,
            "context": [one.name for one in task.context] if isinstance(task.context, list) else "default",
            "async": task.async_execution,
            "description": task.description,
        }
        for task in crew.tasks
    ],
    "refusals": sorted({refusal(start) for start in (*STARTS, *ASYNC_STARTS)}),
    "left": [name for name in sys.modules if name.split(".")[0] == "tools"],
}
os.write(int(sys.argv[1]), json.dumps(found).encode())
os._exit(0)
