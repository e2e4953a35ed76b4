"""Imports ahead of the fork all that a child's first model call would import, and opens nothing."""

from __future__ import annotations

import functools
import importlib
import inspect
import threading
from typing import Any

from crewctl.errors import EngineError

_FIRST_CALL = (
    "anyio._backends._asyncio",
    "crewai",
    "crewai.hooks.contexts",
    "crewai.llms.cache",
    "crewai.llms.providers.openai.completion",
    "crewai.skills.tool",
    "crewctl.adapters.crewai_child",
    "crewctl.adapters.crewai_offline_llm",
    "h11",
    "httpcore",
    "openai.resources.beta",
    "openai.resources.chat.completions",
    "openai.resources.responses",
)
_NOWHERE = "http://127.0.0.1:9"


def warm(*, tools: bool) -> None:
    """Import CrewAI, and crewai_tools if `tools`; EngineError if that leaves a thread running.

    Forked children share what is imported here. Neither lancedb nor onnxruntime: the one warns of a
    deadlock after a fork, the other opens sockets.
    """
    before = set(threading.enumerate())
    for name in _FIRST_CALL:
        importlib.import_module(name)
    if tools:
        importlib.import_module("crewai_tools")
    _share_one_ssl_context()
    _touch_openai()
    _complete_models()
    others = [thread.name for thread in threading.enumerate() if thread not in before]
    if others:
        raise EngineError(
            f"importing CrewAI started threads, so children cannot be forked: {', '.join(others)}",
            help="run crewctl doctor",
        )


def _share_one_ssl_context() -> None:
    """Read the certificates once: each httpx client would read them anew, 50 ms every time."""
    config: Any = importlib.import_module("httpx._config")
    transports: Any = importlib.import_module("httpx._transports.default")
    original = config.create_ssl_context
    shared = original()
    usual = {name: part.default for name, part in inspect.signature(original).parameters.items()}

    @functools.wraps(original)
    def create_ssl_context(*args: Any, **given: Any) -> Any:
        asked = inspect.signature(original).bind(*args, **given)
        asked.apply_defaults()
        return shared if asked.arguments == usual else original(*args, **given)

    config.create_ssl_context = create_ssl_context
    transports.create_ssl_context = create_ssl_context


def _touch_openai() -> None:
    """Make the client's cached properties import their resources now; no connection is opened."""
    openai: Any = importlib.import_module("openai")
    client = openai.OpenAI(api_key="none", base_url=_NOWHERE)
    for resource in (client.chat.completions, client.beta.chat.completions, client.responses):
        resource.with_raw_response  # noqa: B018 - the reading is the point
    client.close()


def _complete_models() -> None:
    """Finish the few pydantic models of CrewAI that would else be finished in every child."""
    pydantic: Any = importlib.import_module("pydantic")
    ahead = [pydantic.BaseModel]
    while ahead:
        model = ahead.pop()
        ahead += model.__subclasses__()
        if model.__module__.startswith("crewai.") and not model.__pydantic_complete__:
            model.model_rebuild(raise_errors=False)
