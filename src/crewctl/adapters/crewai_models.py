"""Builds the LLM that a planned model stands for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MethodType
from typing import Any

from crewai import LLM
from crewai.llms.base_llm import BaseLLM
from crewai.llms.context_window import CONTEXT_WINDOW_USAGE_RATIO

from crewctl.errors import EngineError
from crewctl.planning.plan import PlannedModel

_NO_KEY = "none"
"""Sent to an endpoint that needs no key, because the client insists on one."""
_COUNTS_THINKING = re.compile(r"^(?:openai/|azure/)?(?:o\d|gpt-5)")
"""OpenAI's reasoning models refuse `max_tokens`: theirs is `max_completion_tokens`."""


def build_llm(planned: PlannedModel, environ: Mapping[str, str]) -> BaseLLM:
    """Return a fresh LLM; EngineError when its key is missing or its package is not installed."""
    if planned.kind == "offline":
        from crewctl.adapters.crewai_offline_llm import OfflineLLM  # noqa: PLC0415 - only where it answers

        return OfflineLLM(planned.name, planned)
    if planned.recorded is not None and planned.recorded.kind != "provider":
        from crewctl.adapters.crewai_simulated_llm import SimulatedLLM  # noqa: PLC0415 - as above

        return SimulatedLLM(planned)  # it is answered for before it says anything
    if planned.kind == "scripted":
        from crewctl.adapters.crewai_scripted_llm import ScriptedLLM  # noqa: PLC0415 - only where it answers

        return ScriptedLLM(planned.name, planned)
    return _provider_llm(planned, environ)


def _provider_llm(planned: PlannedModel, environ: Mapping[str, str]) -> BaseLLM:
    given = {
        "api_key": _key(planned, environ),
        "base_url": planned.base_url,
        "timeout": planned.timeout,
        "temperature": planned.temperature,
        "stream": planned.stream or None,
        # crewctl makes the retries, each a turn of its own.
        "max_retries": 0,
        _cap_name(planned): planned.max_output_tokens,
    }
    try:
        llm: Any = LLM(model=planned.model, **{k: v for k, v in given.items() if v is not None})
    except ImportError as error:
        raise EngineError(
            f"the package for the model {planned.model!r} is not installed or cannot be set up: "
            f"{' '.join(str(error).split())[:300]}",
            help="run crewctl doctor to see what to install",
        ) from error
    _keep_to_its_fields(llm)
    _count_offline(llm, planned.context_window)
    return llm


def _key(planned: PlannedModel, environ: Mapping[str, str]) -> str | None:
    if planned.api_key_env is None:
        return _NO_KEY if planned.base_url or planned.recorded else None
    key = environ.get(planned.api_key_env)
    if not key:
        raise EngineError(
            f"the model {planned.name!r} needs a key in the environment variable {planned.api_key_env}",
            help=f"set {planned.api_key_env} and run again",
        )
    return key


def _cap_name(planned: PlannedModel) -> str:
    return "max_completion_tokens" if _COUNTS_THINKING.match(planned.model) else "max_tokens"


def _keep_to_its_fields(llm: Any) -> None:
    """Drop what this provider's class does not know, or it would be sent along with every request."""
    if type(llm) is not LLM:
        for name in ("max_retries", "timeout", "stream"):
            llm.additional_params.pop(name, None)


def _count_offline(llm: Any, window: int | None) -> None:
    """Let the size of a prompt be estimated here: some classes would ask their provider for it.

    Set on the instance, because the classes are CrewAI's and shared.
    """
    object.__setattr__(llm, "get_input_tokens_count", MethodType(BaseLLM.get_input_tokens_count, llm))
    if window is not None:
        usable = int(window * CONTEXT_WINDOW_USAGE_RATIO)
        object.__setattr__(llm, "get_context_window_size", lambda: usable)
