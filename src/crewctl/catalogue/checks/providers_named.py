"""A provider that the policy lets be asked is spelt as providers are."""

from __future__ import annotations

from collections.abc import Iterator

from crewctl.catalogue.checks.providers_installed import NEEDS
from crewctl.catalogue.draft import Draft
from crewctl.catalogue.kinds import POLICY_FILE
from crewctl.catalogue.model_names import real_model
from crewctl.catalogue.specs.model_spec import ModelSpec
from crewctl.catalogue.uses import models_used
from crewctl.diagnostics.nearest import nearest
from crewctl.diagnostics.problem import Problem, Severity

# What litellm adds: nobody knows all of them, so that only a name much like a known one is spoken of.
_OTHERS = frozenset(
    [
        "ai21",
        "anyscale",
        "azure_ai",
        "bedrock_converse",
        "codestral",
        "cohere",
        "cohere_chat",
        "custom_openai",
        "databricks",
        "fireworks_ai",
        "github",
        "groq",
        "huggingface",
        "lm_studio",
        "mistral",
        "moonshot",
        "nebius",
        "novita",
        "nvidia_nim",
        "nscale",
        "openai_like",
        "perplexity",
        "replicate",
        "sagemaker",
        "sambanova",
        "together_ai",
        "vertex_ai",
        "vllm",
        "volcengine",
        "voyage",
        "watsonx",
        "xai",
        "xinference",
    ]
)


def providers_named(draft: Draft) -> Iterator[Problem]:
    """Yield a warning for every provider in the policy's endpoints that is probably another one misspelt."""
    known = {*NEEDS, *_OTHERS}
    unknown = {
        position: name
        for position, name in enumerate(draft.catalogue.policy.models.endpoints or ())
        if "://" not in name and name not in known
    }
    if not unknown:
        return
    used = _used(draft)
    for position, name in unknown.items():
        near = nearest(name, known)
        if near is not None and name not in used:
            yield Problem(
                draft.place(POLICY_FILE, ("models", "endpoints", position)),
                "unknown-provider",
                f"no provider '{name}' is known, so this endpoint may allow nothing",
                f"did you mean '{near}'?",
                "write the provider as models do before the slash, or the address itself",
                severity=Severity.WARNING,
            )


def _used(draft: Draft) -> set[str]:
    """Return the providers of all models of the project: what a model names so is no slip of the policy."""
    models = draft.catalogue.models
    named = {llm.model if isinstance(llm, ModelSpec) else llm for llm, _ in models_used(draft.catalogue)}
    return {real_model(models, name).partition("/")[0].lower() for name in {*models, *named}}
