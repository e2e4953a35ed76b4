"""Asks the parent before each call of a gated tool, and executes exactly what comes back."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

from crewai.tools import BaseTool
from crewai.tools.base_tool import Tool
from crewai.tools.tool_failure import ToolFailure, ToolFailureReason

from crewctl.adapters.child_protocol import ToolAnswer, ToolGranted, ToolRefused
from crewctl.adapters.crewai_tool_calls import ToolCalls, come_back
from crewctl.adapters.crewai_turns import in_one_line
from crewctl.adapters.tool_arguments import arguments_from, arguments_text, is_misfit
from crewctl.audit.tool_calls import FAILED
from crewctl.errors import EngineError
from crewctl.tools import calling_under

_INSIDE: ContextVar[frozenset[int]] = ContextVar("crewctl_inside_tools", default=frozenset())
"""The tools whose calls are being made here: what a tool does by calling itself is that same call."""


_WAYS = ("run", "arun", "to_structured_tool")
"""What CrewAI calls of a tool; all of them come to ``_run``, ``_arun`` or ``func``."""


class ToolGate:
    """Wraps the functions of gated tools. Whoever is refused leave to call never gets as far as the tool."""

    def __init__(self, calls: ToolCalls) -> None:
        self._calls = calls

    def gated(self, run: Callable[..., Any], tool: BaseTool, name: str) -> Callable[..., Any]:
        """Wrap a function of `tool`, synchronous or not; nothing of it is answered from CrewAI's cache.

        EngineError where the tool's class has a way of its own to be called, which would lead past this.
        """
        _refuse_other_ways(tool, name)
        tool.cache_function = _never_cached
        if inspect.iscoroutinefunction(run):

            @functools.wraps(run)
            async def agated(*args: Any, **kwargs: Any) -> Any:
                if id(tool) in _INSIDE.get():
                    return await run(*args, **kwargs)
                # In a thread, because other calls of this loop must be able to come back meanwhile.
                call, answer = await asyncio.to_thread(self._ask, run, name, args, kwargs)
                if not isinstance(answer, ToolGranted):
                    return _refused(answer)
                with self._made(call, answer, tool, run) as outcome:
                    outcome.append(await run(**arguments_from(answer.arguments, tool.args_schema)))
                return outcome[0]

            return agated

        @functools.wraps(run)
        def gated(*args: Any, **kwargs: Any) -> Any:
            if id(tool) in _INSIDE.get():
                return run(*args, **kwargs)
            call, answer = self._ask(run, name, args, kwargs)
            if not isinstance(answer, ToolGranted):
                return _refused(answer)
            with self._made(call, answer, tool, run) as outcome:
                outcome.append(come_back(run(**arguments_from(answer.arguments, tool.args_schema))))
            return outcome[0]

        return gated

    def _ask(
        self, run: Callable[..., Any], name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[int, ToolAnswer | str]:
        """Put the call to the parent and wait; a text instead of an answer says why it cannot be put."""
        try:
            arguments = arguments_text(run, args, kwargs)
        except ValueError as problem:
            return 0, f"The tool was not called: {problem}."
        call = self._calls.number()
        return call, self._calls.wire.ask_tool(call, self._calls.speaker().agent, name, arguments)

    @contextlib.contextmanager
    def _made(
        self, call: int, granted: ToolGranted, tool: BaseTool, run: Callable[..., Any]
    ) -> Iterator[list[Any]]:
        """Have the block make the call and put its result into the list; a failure becomes its result.

        It is not raised, because CrewAI then makes the same call again, at once and by itself, although
        the tool may already have done what it is for.
        """
        outcome: list[Any] = []
        inside = _INSIDE.set(_INSIDE.get() | {id(tool)})
        try:
            misfit = functools.partial(is_misfit, run=run, text=granted.arguments)
            with self._calls.finishing(call, misfit) as result, calling_under(granted.key):
                yield outcome
                result.extend(outcome)
        except Exception as error:  # noqa: BLE001 - whatever a tool raises
            said = f"{FAILED}{type(error).__name__}: {in_one_line(error)}"
            outcome[:] = [ToolFailure(message=said, reason=ToolFailureReason.EXCEPTION)]
        finally:
            _INSIDE.reset(inside)


def _refuse_other_ways(tool: BaseTool, name: str) -> None:
    for way in _WAYS:
        if getattr(type(tool), way) not in (getattr(BaseTool, way), getattr(Tool, way)):
            raise EngineError(
                f"the tool {name!r} has a {way}() of its own, so its calls could be made without a yes",
                help=f"take {way}() out of its class and write _run() alone",
            )


def _refused(answer: ToolRefused | str) -> Any:
    """Return what the agent gets in place of a result; the known result of an earlier call is one."""
    if isinstance(answer, ToolRefused) and answer.known:
        return answer.said
    return ToolFailure(message=answer if isinstance(answer, str) else answer.said)


def _never_cached(_arguments: Any = None, _result: Any = None) -> bool:
    return False
