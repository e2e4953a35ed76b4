"""Finds out how the installed CrewAI behaves in what crewctl relies on; prints one JSON object."""

import asyncio
import inspect
import json
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

warnings.simplefilter("ignore")

import crewai  # noqa: E402 - after the warnings are off
import crewai.llms.base_llm as point  # noqa: E402 - after the warnings are off
from crewai import LLM, Agent, Crew, Process, Task  # noqa: E402 - as above
from crewai.agents.agent_executor import AgentExecutor  # noqa: E402 - as above
from crewai.hooks.dispatch import HookAborted, InterceptionPoint, clear, register  # noqa: E402 - as above
from crewai.llms.cache import CACHE_BREAKPOINT_KEY  # noqa: E402 - as above
from crewai.llms.context_window import CONTEXT_WINDOW_USAGE_RATIO  # noqa: E402 - as above
from crewai.tasks.llm_guardrail import LLMGuardrail  # noqa: E402 - as above
from crewai.tasks.task_output import TaskOutput  # noqa: E402 - as above
from crewai.tools import BaseTool, tool  # noqa: E402 - as above
from crewai.tools.agent_tools.ask_question_tool import AskQuestionTool  # noqa: E402 - as above
from crewai.tools.agent_tools.deferred_tool_result_reader import DeferredToolResultReader  # noqa: E402 - as above
from crewai.tools.agent_tools.delegate_work_tool import DelegateWorkTool  # noqa: E402 - as above
from crewai.types.usage_metrics import UsageMetrics  # noqa: E402 - as above

from crewctl.adapters.crewai_purposes import BY_FILE, BY_FUNCTION  # noqa: E402 - as above

THREADS_AFTER_IMPORT = [thread.name for thread in threading.enumerate()]
FACTS: dict[str, Any] = {}


class Says(point.BaseLLM):
    """A model that says what a function tells it to."""

    def __init__(self, say: Callable[[list[Any], Any], Any]) -> None:
        super().__init__(model="crewctl/facts")
        self._say = say
        self._count = 0

    def supports_function_calling(self) -> bool:
        return True

    def get_context_window_size(self) -> int:
        return 100_000

    def get_input_tokens_count(self, *_: Any, **__: Any) -> int:
        return 1

    def call(self, messages: Any, tools: Any = None, *_: Any, **__: Any) -> Any:
        self._count += 1
        return self._say(messages, tools)

    async def acall(self, *args: Any, **kwargs: Any) -> Any:
        return self.call(*args, **kwargs)


def tool_call(name: str, **arguments: Any) -> list[dict[str, Any]]:
    return [{"id": "c", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}]


def agent(llm: Any, **given: Any) -> Agent:
    return Agent(role=given.pop("role", "R"), goal="g", backstory="b", llm=llm, **given)


def fact(find: Callable[[], Any]) -> None:
    try:
        FACTS[find.__name__] = find()
    except Exception as error:  # noqa: BLE001 - a fact that cannot be found is told as such
        FACTS[find.__name__] = f"{type(error).__name__}: {error}"


@fact
def version() -> str:
    return crewai.__version__


@fact
def threads_after_import() -> list[str]:
    return THREADS_AFTER_IMPORT


@fact
def handlers_after_import() -> list[bool]:
    return [
        signal.getsignal(signal.SIGTERM) == signal.SIG_DFL,
        signal.getsignal(signal.SIGINT) == signal.default_int_handler,
    ]


@fact
def choke_is_looked_up_at_call_time() -> dict[str, Any]:
    seen: dict[str, Any] = {}
    original, aoriginal = point.run_with_rate_limit_retry, point.arun_with_rate_limit_retry

    def run(operation: Any, **_: Any) -> Any:
        cells = dict(zip(operation.__code__.co_freevars, operation.__closure__, strict=True))
        seen["sync"] = sorted(cells)
        seen["instance"] = cells["instance"].cell_contents is llm
        seen["args"] = list(cells["args"].cell_contents)
        seen["kwargs"] = cells["kwargs"].cell_contents
        return operation()

    async def arun(operation: Any, **_: Any) -> Any:
        seen["async"] = sorted(operation.__code__.co_freevars)
        return await operation()

    llm = Says(lambda *_: "yes")
    point.run_with_rate_limit_retry, point.arun_with_rate_limit_retry = run, arun
    try:
        asyncio.run(llm.acall("hello"))
        llm.call("hello", tools=None)
    finally:
        point.run_with_rate_limit_retry, point.arun_with_rate_limit_retry = original, aoriginal
    return seen


@fact
def call_parameters() -> list[str]:
    return list(inspect.signature(point.BaseLLM.call).parameters)


@fact
def usage_parameters() -> list[str]:
    return list(inspect.signature(point.BaseLLM._track_token_usage_internal).parameters)


@fact
def usage_words() -> list[list[int]]:
    told = (
        {"prompt_tokens": 3, "completion_tokens": 2},
        {"input_tokens": 3, "output_tokens": 2},
        {"prompt_token_count": 3, "candidates_token_count": 2},
    )
    read = [UsageMetrics.from_provider_dict(one) for one in told]
    return [[one.prompt_tokens, one.completion_tokens] for one in read]


@fact
def provider_fields() -> dict[str, Any]:
    llm: Any = LLM(
        model="openai/anything",
        base_url="http://127.0.0.1:9/v1",
        api_key="none",
        max_retries=0,
        timeout=3.0,
        max_tokens=7,
    )
    return {
        "class": type(llm).__name__,
        "retries": llm.max_retries,
        "timeout": llm.timeout,
        "cap": llm.max_tokens,
        "other cap": "max_completion_tokens" in type(llm).model_fields,
        "extra": llm.additional_params,
        "converts tools": callable(llm._convert_tools_for_interference),
        "estimates": llm._effective_api(),
    }


@fact
def calls_at_three_iterations() -> int:
    @tool("Adder")
    def adder(number: int) -> str:
        """Add."""
        return str(number)

    numbers = iter(range(100))
    llm = Says(lambda _, tools: tool_call("adder", number=next(numbers)) if tools else "forced")
    one = agent(llm, tools=[adder], max_iter=3)
    Crew(agents=[one], tasks=[Task(description="d", expected_output="e", agent=one)]).kickoff()
    return llm._count


@fact
def abort_in_a_delegated_worker() -> str:
    def abort(*_: Any) -> Any:
        raise HookAborted("stop", source="test")

    said = iter([tool_call("delegate_work_to_coworker", task="t", context="c", coworker="W"), "a success"])
    boss, worker = agent(Says(lambda *_: next(said)), allow_delegation=True), agent(Says(abort), role="W")
    task = Task(description="d", expected_output="e", agent=boss)
    return str(Crew(agents=[boss, worker], tasks=[task]).kickoff().raw)


@fact
def error_in_a_tool_hook() -> dict[str, list[int]]:
    ran: dict[str, list[int]] = {"error": [], "abort": []}

    def attempt(kind: str, error: Exception) -> None:
        def hook(_: Any) -> None:
            raise error

        @tool("Adder")
        def adder(number: int) -> str:
            """Add."""
            ran[kind].append(number)
            return "1"

        register(InterceptionPoint.PRE_TOOL_CALL, hook)
        said = iter([tool_call("adder", number=1), "end"])
        one = agent(Says(lambda *_: next(said)), tools=[adder])
        Crew(agents=[one], tasks=[Task(description="d", expected_output="e", agent=one)]).kickoff()
        clear(InterceptionPoint.PRE_TOOL_CALL)

    attempt("error", RuntimeError("a bug"))
    attempt("abort", HookAborted("no"))
    return ran


@fact
def where_tools_run() -> dict[str, bool]:
    @tool("Adder")
    def adder(number: int) -> str:
        """Add."""
        return str(number)

    class Adder(BaseTool):
        name: str = "Adder"
        description: str = "Add."

        def _run(self, number: int) -> str:
            return str(number)

    made = Adder()

    def watched(number: int) -> str:
        return f"watched {number}"

    adder.func = watched
    object.__setattr__(made, "_run", watched)
    kept = agent(Says(lambda *_: ""), tools=[made]).tools[0]
    return {
        "function, run": adder.run(number=1) == "watched 1",
        "function, structured": adder.to_structured_tool().invoke({"number": 1}) == "watched 1",
        "class, run": made.run(number=1) == "watched 1",
        "class, structured": made.to_structured_tool().invoke({"number": 1}) == "watched 1",
        "class, kept by an agent": kept._run(1) == "watched 1",
    }


@fact
def delegation_tools() -> dict[str, Any]:
    coworker = agent(Says(lambda *_: ""), role=' The  "Worker" ')
    asked = AskQuestionTool(agents=[coworker], description="d")
    return {
        "names": [kind.model_fields["name"].default for kind in (DelegateWorkTool, AskQuestionTool)],
        "parameters": [
            list(inspect.signature(kind._run).parameters) for kind in (DelegateWorkTool, AskQuestionTool)
        ],
        "coworker": asked._get_coworker("[a, b]"),
        "role": asked.sanitize_agent_name(coworker.role),
        "reader": DeferredToolResultReader.model_fields["name"].default,
    }


@fact
def manager_is_made_once() -> list[bool]:
    crew = Crew(
        agents=[agent(Says(lambda *_: "work"), role="W")],
        tasks=[Task(description="d", expected_output="e")],
        process=Process.hierarchical,
        manager_llm=Says(lambda *_: "led"),
    )
    crew._create_manager_agent()
    first = crew.manager_agent
    output = crew.kickoff().raw
    return [crew.manager_agent is first, first.allow_delegation, output == "led"]


@fact
def preset_context() -> list[str]:
    def done(raw: str) -> Task:
        return Task(
            description="d", expected_output="", output=TaskOutput(description="d", raw=raw, agent="a")
        )

    one = agent(Says(lambda *_: "x"))
    task = Task(
        description="d", expected_output="e", agent=one, context=[done("one"), done(""), done("three")]
    )
    bare = Task(description="d", expected_output="e", agent=one, context=[])
    return [Crew._get_context(task, []), Crew._get_context(bare, [])]


@fact
def kept_outputs() -> list[str]:
    """What is called on the object that we put in the place of CrewAI's database."""
    called: list[str] = []

    class Watch:
        def __getattr__(self, name: str) -> Any:
            return lambda *_, **__: called.append(name)

    one = agent(Says(lambda *_: "x"))
    crew = Crew(agents=[one], tasks=[Task(description="d", expected_output="e", agent=one)])
    crew._task_output_handler = Watch()
    crew.kickoff()
    return called


@fact
def guardrail_class() -> bool:
    task = Task(description="d", expected_output="e", agent=agent(Says(lambda *_: "x")), guardrail="Short.")
    return isinstance(task._guardrail, LLMGuardrail)


@fact
def execute_task_is_the_way() -> list[str]:
    seen: list[str] = []
    original = Agent.execute_task

    def watched(self: Any, *args: Any, **kwargs: Any) -> Any:
        seen.append(self.role)
        return original(self, *args, **kwargs)

    Agent.execute_task = watched
    said = iter([tool_call("delegate_work_to_coworker", task="t", context="c", coworker="W"), "end"])
    boss, worker = (
        agent(Says(lambda *_: next(said)), allow_delegation=True),
        agent(Says(lambda *_: "w"), role="W"),
    )
    Crew(agents=[boss, worker], tasks=[Task(description="d", expected_output="e", agent=boss)]).kickoff()
    Agent.execute_task = original
    return seen


@fact
def purposes_point_nowhere() -> list[str]:
    package = Path(crewai.__file__).parent
    missing = [file for file in BY_FILE if not (package / file).is_file()]
    for file, function in BY_FUNCTION:
        if f"def {function}(" not in (package / file).read_text():
            missing.append(f"{file} {function}")
    return missing


@fact
def constants() -> list[Any]:
    return [CACHE_BREAKPOINT_KEY, CONTEXT_WINDOW_USAGE_RATIO, AgentExecutor.__module__]


if __name__ == "__main__":
    os.write(int(sys.argv[1]), json.dumps(FACTS).encode())
    os._exit(0)
