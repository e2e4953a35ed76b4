"""Records every call of a tool that the plan names, and gives the recorded result instead of calling it."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import json
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

from crewai.tools import BaseTool
from crewai.tools.tool_failure import ToolFailure

from crewctl.adapters.crewai_exchange_calls import error_of, raised
from crewctl.adapters.crewai_exchanges import INSIDE, Exchanges
from crewctl.adapters.crewai_stand_ins import described
from crewctl.adapters.exchange_player import Asked
from crewctl.adapters.tool_arguments import arguments_text
from crewctl.audit.exchange_content import Json
from crewctl.audit.exchange_digest import tool_digest

_CALLED: ContextVar[frozenset[int]] = ContextVar("crewctl_called", default=frozenset())
"""The tools that are being called here: what a tool does by calling itself is that same call."""


class RecordedTools:
    """Wraps the functions of tools; `speaker` tells which agent is at work."""

    def __init__(self, exchanges: Exchanges, speaker: Callable[[], str]) -> None:
        self._exchanges = exchanges
        self._speaker = speaker
        self._described: dict[str, Json] = {}

    def tell(self) -> None:
        """Record what the tools that were wrapped so far are to those who call them."""
        if self._described:
            self._exchanges.describe(list(self._described.values()))

    def recorded(
        self, run: Callable[..., Any], tool: BaseTool, name: str, *, effect: bool = False
    ) -> Callable[..., Any]:
        """Wrap a function of `tool`, synchronous or not, around whatever else is around it."""
        self._described.setdefault(name, described(tool, name))
        if inspect.iscoroutinefunction(run):

            @functools.wraps(run)
            async def arecorded(*args: Any, **kwargs: Any) -> Any:
                if id(tool) in _CALLED.get():
                    return await run(*args, **kwargs)
                asked, question = self._asked(run, name, args, kwargs)
                answer = await asyncio.to_thread(self._exchanges.answer_to, asked, question, effect=effect)
                if answer is not None:
                    return _again(answer)
                with self._called(asked, question, tool) as result:
                    result.append(await run(*args, **kwargs))
                return result[0]

            return arecorded

        @functools.wraps(run)
        def recorded(*args: Any, **kwargs: Any) -> Any:
            if id(tool) in _CALLED.get():
                return run(*args, **kwargs)
            asked, question = self._asked(run, name, args, kwargs)
            answer = self._exchanges.answer_to(asked, question, effect=effect)
            if answer is not None:
                return _again(answer)
            with self._called(asked, question, tool) as result:
                result.append(run(*args, **kwargs))
            return result[0]

        return recorded

    def _asked(
        self, run: Callable[..., Any], name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Asked, Json]:
        try:
            arguments = arguments_text(run, args, kwargs)
        except ValueError:  # arguments that nobody could be shown are recorded as far as they can be
            arguments = json.dumps([list(args), kwargs], default=str, ensure_ascii=False)
        digest = tool_digest(name, arguments)
        asked = self._exchanges.asking("tool", "tool", digest, self._speaker())
        return asked, {"tool": name, "arguments": json.loads(arguments)}

    @contextlib.contextmanager
    def _called(self, asked: Asked, question: Json, tool: BaseTool) -> Iterator[list[Any]]:
        """Have the block call the tool and put its result into the list; record how it ended."""
        result: list[Any] = []
        inside, called = INSIDE.set(asked.number), _CALLED.set(_CALLED.get() | {id(tool)})
        try:
            yield result
        except Exception as error:
            self._exchanges.record(asked, question, {"broke": error_of(error)})
            raise
        finally:
            INSIDE.reset(inside)
            _CALLED.reset(called)
        self._exchanges.record(asked, question, _answer(result[0], tool))


def _answer(result: Any, tool: BaseTool) -> Json:
    """Return the result as the agent is shown it."""
    if isinstance(result, ToolFailure):
        return {"failure": json.loads(result.model_dump_json())}
    return {"result": result if isinstance(result, str) else str(tool.format_output_for_agent(result))}


def _again(answer: Json) -> Any:
    if "broke" in answer:
        raise raised(answer["broke"])
    if "failure" in answer:
        return ToolFailure.model_validate(answer["failure"])
    return str(answer.get("result", ""))
