"""Runs crews with plain CrewAI, as one writes them by hand; started by a test in a process of its own.

Standard input is a JSON list of cases, each with what `run` looks for in it.
"""

import json
import os
import sys
import types
import warnings
from typing import Any

warnings.simplefilter("ignore")

from crewai import LLM, Agent, Crew, Process, Task  # noqa: E402 - after the warnings are off
from crewai.tools import BaseTool  # noqa: E402 - as above


def tools_of(source: str) -> dict[str, BaseTool]:
    module = types.ModuleType("adder")
    exec(source, vars(module))  # noqa: S102 - the test's own text
    return {name: value for name, value in vars(module).items() if isinstance(value, BaseTool)}


def run(case: dict[str, Any]) -> None:
    tools = tools_of(case.get("tool_source", ""))

    def llm() -> LLM:
        return LLM(model=case["model"], base_url=case["url"], api_key="none", **case.get("llm", {}))

    agents = {
        name: Agent(llm=llm(), tools=[tools[tool] for tool in given.pop("tools", [])], **given)
        for name, given in case["agents"].items()
    }
    tasks: dict[str, Task] = {}
    for name, given in case["tasks"].items():
        if "context" in given:
            given["context"] = [tasks[earlier] for earlier in given["context"]]
        if given.get("agent"):
            given["agent"] = agents[given["agent"]]
        tasks[name] = Task(**given)
    manager = case.get("manager")
    led: dict[str, Any] = {}
    if manager == "a model":
        led = {"process": Process.hierarchical, "manager_llm": llm()}
    elif manager:
        led = {"process": Process.hierarchical, "manager_agent": agents.pop(manager)}
    Crew(agents=list(agents.values()), tasks=list(tasks.values()), **led).kickoff()


if __name__ == "__main__":
    for case in json.load(sys.stdin):
        run(case)
    os._exit(0)
