"""Tells the parent of each call of a tool: before it is made, and when it came back."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import itertools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from crewctl.adapters.child_protocol import ToolFinished, ToolStarted
from crewctl.adapters.crewai_purposes import SPEAKER, Speaker
from crewctl.adapters.crewai_turns import Turns, in_one_line, open_as, shortened


class ToolCalls:
    """Numbers the calls of one child and tells of them. In a rehearsal only a note comes back from a tool."""

    def __init__(self, turns: Turns, *, rehearsal: bool) -> None:
        self.wire = turns.wire
        self.rehearsal = rehearsal
        self._turns = turns
        self._numbers = itertools.count(1)

    def number(self) -> int:
        """Return the next call's number."""
        return next(self._numbers)

    def speaker(self) -> Speaker:
        """Return who is at work here."""
        return SPEAKER.get() or self._turns.default

    def watched(self, run: Callable[..., Any], name: str) -> Callable[..., Any]:
        """Wrap a tool's function, synchronous or not."""
        if inspect.iscoroutinefunction(run):

            @functools.wraps(run)
            async def awatched(*args: Any, **kwargs: Any) -> Any:
                with self.told(name, args, kwargs) as told:
                    told.append(_note(name) if self.rehearsal else await run(*args, **kwargs))
                return told[0]

            return awatched

        @functools.wraps(run)
        def watched(*args: Any, **kwargs: Any) -> Any:
            with self.told(name, args, kwargs) as told:
                told.append(_note(name) if self.rehearsal else come_back(run(*args, **kwargs)))
            return told[0]

        return watched

    @contextlib.contextmanager
    def told(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[list[Any]]:
        """Tell the parent before a tool runs and after; the block puts the result into the list."""
        call = self.number()
        self.wire.event(
            ToolStarted(call=call, agent=self.speaker().agent, tool=name, arguments=_arguments(args, kwargs))
        )
        with self.finishing(call) as result:
            yield result

    @contextlib.contextmanager
    def finishing(
        self, call: int, is_misfit: Callable[[BaseException], bool] = lambda _: False
    ) -> Iterator[list[Any]]:
        """Tell the parent how a call ended that it knows of; the block puts the result into the list.

        `is_misfit` tells whether a failure is one of the arguments, and none of the tool.
        """
        result, error, misfit = list[Any](), "", False
        started = time.monotonic()
        try:
            # A model call made by a tool is the tool's own, not a part of the call around it.
            with _as_part_other(self.speaker()), open_as(None):
                yield result
        except BaseException as raised:
            error, misfit = f"{type(raised).__name__}: {in_one_line(raised)}", is_misfit(raised)
            raise
        finally:
            said = shortened(str(result[0])) if result else None
            seconds = time.monotonic() - started
            self.wire.event(ToolFinished(call=call, seconds=seconds, result=said, error=error, misfit=misfit))


def come_back(result: Any) -> Any:
    """Return what a plain function came to, also where it gave a coroutine: CrewAI would run that afterwards.

    Then the call would have ended, by the account, before it began.
    """
    return asyncio.run(result) if inspect.iscoroutine(result) else result


@contextlib.contextmanager
def _as_part_other(speaker: Speaker) -> Iterator[None]:
    token = SPEAKER.set(replace(speaker, part="other"))
    try:
        yield
    finally:
        SPEAKER.reset(token)


def _note(name: str) -> str:
    return f"(Rehearsal: the tool {name!r} was not run.)"


def _arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    given: Any = {"args": list(args), **kwargs} if args else kwargs
    return shortened(json.dumps(given, default=str, ensure_ascii=False))
