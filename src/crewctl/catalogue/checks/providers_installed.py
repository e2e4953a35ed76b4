"""The package that speaks to a model's provider is installed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from importlib.util import find_spec

from crewctl.catalogue.draft import Draft
from crewctl.catalogue.kinds import MODELS_FILE
from crewctl.catalogue.specs.model_spec import ModelSpec
from crewctl.catalogue.uses import models_used
from crewctl.catalogue.yaml_source import Path
from crewctl.diagnostics.problem import Problem

# How crewai 1.15.30 routes a provider: what must be importable, and the extra that installs it.
_OPENAI_LIKE = (
    "openai",
    "openrouter",
    "deepseek",
    "ollama",
    "ollama_chat",
    "hosted_vllm",
    "cerebras",
    "dashscope",
    "snowflake",
    "deepinfra",
)
NEEDS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(_OPENAI_LIKE, ("openai", "openai")),
    **dict.fromkeys(("anthropic", "claude"), ("anthropic", "anthropic")),
    **dict.fromkeys(("google", "gemini"), ("google.genai", "google-genai")),
    **dict.fromkeys(("azure", "azure_openai"), ("azure.ai.inference", "azure-ai-inference")),
    **dict.fromkeys(("bedrock", "aws"), ("boto3", "bedrock")),
}
OTHERS = ("litellm", "litellm")
"""What a model needs for which CrewAI has no class of its own."""

# By which beginning CrewAI knows a provider's model; another one goes to litellm. An endpoint of
# one's own under openai/ takes any name.
_KNOWN_BY: dict[str, tuple[str, ...]] = {
    "openai": ("gpt-", "o1", "o3", "o4", "whisper-"),
    **dict.fromkeys(("anthropic", "claude"), ("claude-", "anthropic.")),
    **dict.fromkeys(("google", "gemini"), ("gemini-", "gemma-", "learnlm-")),
    "deepseek": ("deepseek",),
}


def providers_installed(draft: Draft) -> Iterator[Problem]:
    """Yield a problem for every model whose provider's package is missing."""
    for name, spec in draft.catalogue.models.items():
        inner: Path = ("model",) if isinstance(draft.data(MODELS_FILE).get(name), dict) else ()
        yield from _missing(draft, spec, MODELS_FILE, (name, *inner))
    for llm, use in models_used(draft.catalogue):
        if isinstance(llm, ModelSpec):
            yield from _missing(draft, llm, use.file, (*use.path, "model"))
        else:
            yield from _missing(draft, ModelSpec(model=llm), use.file, use.path)


def _missing(draft: Draft, spec: ModelSpec, file: str, path: Path) -> Iterator[Problem]:
    if "/" not in spec.model or spec.model in draft.declared.models:
        return
    provider, _, model = spec.model.partition("/")
    known = _is_known(provider.lower(), model.lower(), own_endpoint=spec.base_url is not None)
    module, extra = NEEDS.get(provider.lower(), OTHERS) if known else OTHERS
    if is_installed(module):
        return
    said = f"the package that speaks to {provider} is not installed"
    instead = f"install it with: pip install 'crewai[{extra}]'"
    if not known:
        said = (
            f"CrewAI itself knows no model '{model}' of {provider}, and the package that may is not installed"
        )
        instead += ", or give the model a base_url" if provider.lower() == "openai" else ""
    label = f"needs the Python package {module}"
    yield Problem(draft.place(file, path), "missing-provider", said, label, instead)


def _is_known(provider: str, model: str, *, own_endpoint: bool) -> bool:
    if provider == "openai" and own_endpoint:
        return True
    return model.startswith(_KNOWN_BY.get(provider, ("",)))


@lru_cache(maxsize=32)
def is_installed(module: str) -> bool:
    """Tell whether `module` could be imported, without importing it (only the packages it is in)."""
    try:
        return find_spec(module) is not None
    except ImportError:
        return False
