"""Replaces CrewAI's one point through which model calls pass, so that each asks for its turn first."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, NamedTuple

import crewai.llms.base_llm as point
from crewai.llms.cache import CACHE_BREAKPOINT_KEY
from crewai.types.usage_metrics import UsageMetrics

from crewctl.adapters.crewai_exchange_calls import (
    answer_of,
    asking,
    error_of,
    question_of,
    response_of,
    usage_of,
)
from crewctl.adapters.crewai_retry import is_passing, pause_before
from crewctl.adapters.crewai_simulated_llm import SimulatedLLM
from crewctl.adapters.crewai_turns import (
    CALL,
    OpenCall,
    Prompt,
    Turns,
    Usage,
    capped,
    credible,
    open_as,
    prompt_of,
)
from crewctl.adapters.exchange_player import Asked
from crewctl.audit.exchange_content import Json


class Made(NamedTuple):
    """A call as CrewAI's wrapper hands it over."""

    instance: Any
    prompt: Prompt
    answer_model: Any
    source: dict[str, Any]


def made_by(operation: Callable[[], Any]) -> Made:
    """Read the LLM instance and its arguments out of the wrapper's closure.

    The wrapper is ``lambda: method(instance, *args, **kwargs)``; a contract test holds it to that.
    """
    names = operation.__code__.co_freevars
    cells = dict(zip(names, (cell.cell_contents for cell in operation.__closure__ or ()), strict=True))
    args, kwargs = cells["args"], cells["kwargs"]

    def argument(name: str, position: int) -> Any:
        return args[position] if len(args) > position else kwargs.get(name)

    answer_model = argument("response_model", 6)
    prompt = prompt_of(argument("messages", 0), argument("tools", 1), answer_model)
    for message in prompt.messages:
        # CrewAI's own mark, which it takes off before sending, and which moves as a conversation grows.
        message.pop(CACHE_BREAKPOINT_KEY, None)
    source = {"from_task": argument("from_task", 4), "from_agent": argument("from_agent", 5)}
    return Made(cells["instance"], _as_sent(cells["instance"], prompt), answer_model, source)


def _as_sent(instance: Any, prompt: Prompt) -> Prompt:
    """Count tool schemas in the longer form that the OpenAI class turns them into."""
    convert = getattr(instance, "_convert_tools_for_interference", None)
    tools = [extra for extra in prompt.extras if isinstance(extra, dict) and "function" in extra]
    if convert is None or not tools:
        return prompt
    rest = [extra for extra in prompt.extras if extra not in tools]
    return Prompt(prompt.messages, [*convert(tools), *rest])


class _Attempts:
    """One call of CrewAI's, made as often as it takes: every attempt is a turn of its own."""

    def __init__(self, turns: Turns, operation: Callable[[], Any]) -> None:
        self._turns = turns
        self._made = made_by(operation)
        # Read here, in the caller's thread: what follows may run in another.
        self._purpose = turns.purpose()
        self._number = 0
        self._asked: tuple[Asked, Json] | None = None

    def begin(self) -> OpenCall:
        """Ask leave for the next attempt and wait for it."""
        self._number += 1
        self._asked = None
        return self._turns.begin(self._made.instance, self._made.prompt, self._purpose)

    @contextlib.contextmanager
    def being_made(self, call: OpenCall) -> Iterator[None]:
        """Let the block make the call under its grant's cap."""
        with open_as(call), capped(self._made.instance, call.cap):
            yield

    def recorded(self, call: OpenCall) -> Callable[[], Any] | None:
        """Return what gives the recorded answer to the call; where there is none, leave is asked for it.

        A call that goes over HTTP is looked for there, by its request.
        """
        exchanges, model = self._turns.exchanges, call.question.model
        if exchanges.awaits(model, "http"):
            return None
        if call.simulated or exchanges.may_answer("model", model):
            question = question_of(self._made.prompt)
            self._asked = asking(exchanges, call, question), question
            answer = exchanges.answer_to(*self._asked)
            if answer is not None:
                return functools.partial(self._again, call, answer)
        self._turns.grant(call)
        return None

    def _again(self, call: OpenCall, answer: Json) -> Any:
        call.replayed, call.tracked = True, usage_of(answer)
        if isinstance(self._made.instance, SimulatedLLM):
            self._made.instance.was_answered(self._made.source)
        return response_of(answer, self._made.answer_model)

    def record(self, call: OpenCall, answer: Json) -> None:
        """Record the exchange, unless its requests were recorded, or its answer was a recorded one."""
        if call.replayed or call.requests:
            return
        self._turns.grant(call)  # a call that went past both nets is counted at least
        if self._asked is None:
            question = question_of(self._made.prompt)
            self._asked = asking(self._turns.exchanges, call, question), question
        self._turns.exchanges.record(*self._asked, answer)

    def pause_after(self, call: OpenCall, error: Exception) -> float:
        """Settle a failed attempt; return the seconds before the next, or raise the error for good."""
        self.record(call, {"broke": error_of(error)})
        self._turns.end(call, error=error)
        policy = self._turns.retry
        if self._number >= policy.attempts or not is_passing(error):
            raise error
        if call.replayed:
            return 0.0
        pause = pause_before(self._number + 1, policy.backoff, error)
        self._turns.will_retry(error, pause)
        return pause

    def end(self, call: OpenCall, response: Any) -> None:
        """Record a call that came back, and settle it."""
        self.record(call, answer_of(response, call.usage()))
        self._turns.end(call, response)


def install(turns: Turns) -> None:
    """Make every model call in this process ask `turns` for leave. Not to be undone."""
    point.run_with_rate_limit_retry = functools.partial(_run, turns)
    point.arun_with_rate_limit_retry = functools.partial(_arun, turns)
    _read_usage()


def _run(turns: Turns, operation: Callable[[], Any], **_: Any) -> Any:
    """Stand where CrewAI's retry stands: call `operation` once for each grant."""
    if _is_nested(operation):
        return operation()
    attempts = _Attempts(turns, operation)
    while True:
        call = attempts.begin()
        try:
            again = attempts.recorded(call)
            with attempts.being_made(call):
                response = operation() if again is None else again()
        except Exception as error:  # noqa: BLE001 - raised again unless it is to be retried
            time.sleep(attempts.pause_after(call, error))
        else:
            attempts.end(call, response)
            return response


async def _arun(turns: Turns, operation: Callable[[], Awaitable[Any]], **_: Any) -> Any:
    """Do the same for an asynchronous call."""
    if _is_nested(operation):
        return await operation()
    attempts = _Attempts(turns, operation)
    while True:
        call = await asyncio.to_thread(attempts.begin)
        try:
            again = await asyncio.to_thread(attempts.recorded, call)
            with attempts.being_made(call):
                response = await operation() if again is None else again()
        except Exception as error:  # noqa: BLE001 - as above
            await asyncio.sleep(attempts.pause_after(call, error))
        else:
            attempts.end(call, response)
            return response


def _is_nested(operation: Callable[[], Any]) -> bool:
    """Say whether this is ``super().call`` of the call that is being made already."""
    call = CALL.get()
    return call is not None and call.instance is made_by(operation).instance


def _read_usage() -> None:
    """Let CrewAI's own reading of a provider's usage reach the call being made."""
    original = point.BaseLLM._track_token_usage_internal  # noqa: SLF001 - held by a contract test

    def track(self: Any, usage_data: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        call = CALL.get()
        if call is not None:
            _add(call, UsageMetrics.from_provider_dict(usage_data))
        return original(self, usage_data, *args, **kwargs)

    point.BaseLLM._track_token_usage_internal = track  # noqa: SLF001 - held by a contract test


def _add(call: OpenCall, metrics: UsageMetrics | None) -> None:
    used = metrics and credible(metrics.prompt_tokens, metrics.completion_tokens)
    if not used:
        return
    so_far = call.tracked or Usage(0, 0)
    call.tracked = credible(so_far.prompt + used.prompt, so_far.completion + used.completion)
