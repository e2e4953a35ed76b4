"""The models of a plan as Python functions, each of which makes a fresh LLM."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from crewctl.planning.plan import PlannedModel

NO_KEY = "none"
"""Sent to an endpoint that needs no key, because the client insists on one."""

_COUNTS_THINKING = re.compile(r"^(?:openai/|azure/)?(?:o\d|gpt-5)")

_HEAD = '''"""The models, made anew for each agent, as CrewAI's own counts need it."""

import os

from crewai import LLM
'''
_SIMULATED = '''

def {function}() -> LLM:
    """Stand for {name!r}, which was crewctl's built-in {kind} model: MODEL names a real one."""
    return LLM(
        model=os.environ["MODEL"],
        base_url=os.environ.get("MODEL_BASE_URL"),
        api_key=os.environ.get("MODEL_API_KEY"),
        max_tokens={cap},
    )
'''


def models_module(models: tuple[PlannedModel, ...], functions: Mapping[str, str]) -> str:
    """Return the text of models.py."""
    return _HEAD + "".join(_function(model, functions[model.name]) for model in models)


def environment_of(models: tuple[PlannedModel, ...]) -> list[str]:
    """Return the variables that the models need, in order."""
    needed = ["MODEL"] if any(model.simulated for model in models) else []
    return list(dict.fromkeys([*needed, *(model.api_key_env for model in models if model.api_key_env)]))


def _function(model: PlannedModel, function: str) -> str:
    if model.simulated:
        return _SIMULATED.format(
            function=function, name=model.name, kind=model.kind, cap=model.max_output_tokens
        )
    lines = [f"        {name}={value},\n" for name, value in _arguments(model).items()]
    return f"\n\ndef {function}() -> LLM:\n    return LLM(\n{''.join(lines)}    )\n"


def _arguments(model: PlannedModel) -> dict[str, str]:
    cap = "max_completion_tokens" if _COUNTS_THINKING.match(model.model) else "max_tokens"
    given: dict[str, Any] = {
        "model": model.model,
        "base_url": model.base_url,
        "timeout": model.timeout,
        "temperature": model.temperature,
        "stream": model.stream or None,
        cap: model.max_output_tokens,
    }
    said = {name: repr(value) for name, value in given.items() if value is not None}
    if model.api_key_env:
        said["api_key"] = f'os.environ["{model.api_key_env}"]'
    elif model.base_url is not None:
        said["api_key"] = repr(NO_KEY)
    return said
