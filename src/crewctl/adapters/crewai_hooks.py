"""Watches what agents do besides calling models: tools and delegation, each known before it happens."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

from crewai import Agent
from crewai.hooks.dispatch import HookAborted, InterceptionPoint, register
from crewai.tasks.llm_guardrail import LLMGuardrail
from crewai.tools import BaseTool
from crewai.tools.agent_tools.ask_question_tool import AskQuestionTool
from crewai.tools.agent_tools.deferred_tool_result_reader import DeferredToolResultReader
from crewai.tools.agent_tools.delegate_work_tool import DelegateWorkTool
from crewai.tools.base_tool import Tool
from crewai.utilities.string_utils import sanitize_tool_name

from crewctl.adapters.child_protocol import Delegated
from crewctl.adapters.crewai_exchange_tools import RecordedTools
from crewctl.adapters.crewai_purposes import SPEAKER, Speaker
from crewctl.adapters.crewai_tool_calls import ToolCalls
from crewctl.adapters.crewai_tool_gate import ToolGate
from crewctl.adapters.crewai_turns import Turns, open_as
from crewctl.catalogue.specs.script_spec import Purpose

_LONGEST_NAME = 1_000
_DELEGATING: ContextVar[bool] = ContextVar("crewctl_delegating", default=False)


class Watch:
    """Lets only known tools run, has the parent know of each before it does, and follows who is at work.

    The calls of the tools named in `gated` are put to the parent one by one. The others are only told:
    leave for each would cost a round trip and decide nothing. What a tool with `effects` outside came to in an
    earlier attempt only the parent knows; any other gives what was recorded.
    """

    def __init__(
        self, turns: Turns, *, rehearsal: bool, gated: Collection[str] = (), effects: Collection[str] = ()
    ) -> None:
        self._turns = turns
        self._gated = frozenset() if rehearsal else frozenset(gated)
        self._effects = frozenset(effects)
        self._allowed: set[str] = set()
        self._agents: dict[int, tuple[Agent, Speaker]] = {}
        self._calls = ToolCalls(turns, rehearsal=rehearsal)
        self._gate = ToolGate(self._calls)
        self._tools = RecordedTools(turns.exchanges, lambda: self._speaker().agent)

    def install(self) -> None:
        """Put the watch in place for this process. Not to be undone."""
        for tool, asks in ((DelegateWorkTool, "work"), (AskQuestionTool, "question")):
            tool._run = self._delegating(tool._run, asks)  # noqa: SLF001 - held by a contract test
            self._allow(tool.model_fields["name"].default)
        reader = DeferredToolResultReader
        reader._run = self._calls.watched(reader._run, reader.model_fields["name"].default)  # noqa: SLF001 - as above
        self._allow(reader.model_fields["name"].default)
        register(InterceptionPoint.PRE_TOOL_CALL, self._only_allowed)
        self._follow_agents()

    def tell(self) -> None:
        """Tell the parent what the tools are that were made."""
        self._tools.tell()

    def knows(self, agent: Agent, name: str, part: Purpose = "agent") -> None:
        """Book what `agent` does on `name`."""
        self._agents[id(agent)] = (agent, Speaker(name, part))

    def govern(self, tool: BaseTool, name: str) -> BaseTool:
        """Let `tool` run, watched or gated; in a rehearsal only a note comes back from it."""
        self._allow(tool.name)
        if isinstance(tool, Tool):
            tool.func = self._held(tool.func, tool, name)
            return tool
        # On the instance, because the class may be one of crewai_tools with other uses.
        object.__setattr__(tool, "_run", self._held(tool._run, tool, name))  # noqa: SLF001 - held by a contract test
        if type(tool)._arun is not BaseTool._arun:  # noqa: SLF001 - as above
            object.__setattr__(tool, "_arun", self._held(tool._arun, tool, name))  # noqa: SLF001 - as above
        return tool

    def _held(self, run: Callable[..., Any], tool: BaseTool, name: str) -> Callable[..., Any]:
        gated = name in self._gated
        held = self._gate.gated(run, tool, name) if gated else self._calls.watched(run, name)
        return self._tools.recorded(held, tool, name, effect=name in self._effects)

    def _allow(self, name: str) -> None:
        self._allowed.add(sanitize_tool_name(name))

    def _only_allowed(self, context: Any) -> None:
        """Block what the plan does not name; CrewAI passes over any other error than HookAborted.

        A name that a model made up is nobody's tool: nothing can run, and CrewAI tells the model so.
        """
        try:
            allowed = context.tool is None or sanitize_tool_name(context.tool_name) in self._allowed
        except Exception as error:
            raise HookAborted(f"the tool could not be checked: {error}", source="crewctl") from error
        if not allowed:
            raise HookAborted(f"the plan names no tool {context.tool_name!r}", source="crewctl")

    def _speaker(self) -> Speaker:
        return SPEAKER.get() or self._turns.default

    def _delegating(self, run: Callable[..., Any], asks: Any) -> Callable[..., Any]:
        """Wrap the tool by which an agent hands something to a coworker."""
        name = "delegate_work" if asks == "work" else "ask_question"

        @functools.wraps(run)
        def delegating(tool: Any, *args: Any, **kwargs: Any) -> Any:
            to = self._coworker(tool, run, args, kwargs)
            if to is None:
                with self._calls.told(name, args, kwargs) as told:
                    told.append(run(tool, *args, **kwargs))
                return told[0]
            self._turns.wire.event(Delegated(by=self._speaker().agent, to=to, asks=asks))
            token = _DELEGATING.set(True)
            try:
                with open_as(None):
                    return run(tool, *args, **kwargs)
            finally:
                _DELEGATING.reset(token)

        return delegating

    def _coworker(
        self, tool: Any, run: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> str | None:
        """Return the plan's name of the coworker that is meant, or None where there is none such."""
        given = inspect.signature(run).bind_partial(tool, *args, **kwargs).arguments
        meant = tool._get_coworker(given.get("coworker"), **given.get("kwargs", {}))  # noqa: SLF001 - held by a contract test
        wanted = tool.sanitize_agent_name(meant or "")
        for agent in tool.agents:
            if tool.sanitize_agent_name(agent.role) == wanted:
                known = self._agents.get(id(agent))
                return known[1].agent if known else str(agent.role)[:_LONGEST_NAME]
        return None

    def _follow_agents(self) -> None:
        """Know in every thread which agent is at work, and whether as a guardrail."""
        Agent.execute_task = self._as_speaker(Agent.execute_task)
        judge = LLMGuardrail.__call__

        @functools.wraps(judge)
        def guarding(guardrail: Any, output: Any) -> Any:
            token = SPEAKER.set(replace(self._speaker(), part="guardrail"))
            try:
                return judge(guardrail, output)
            finally:
                SPEAKER.reset(token)

        LLMGuardrail.__call__ = guarding

    def _as_speaker(self, execute: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(execute)
        def executing(agent: Any, *args: Any, **kwargs: Any) -> Any:
            known = self._agents.get(id(agent))
            speaker = known[1] if known else self._speaker()
            if _DELEGATING.get():
                speaker = replace(speaker, part="delegated")
            token = SPEAKER.set(speaker)
            try:
                return execute(agent, *args, **kwargs)
            finally:
                SPEAKER.reset(token)

        return executing
