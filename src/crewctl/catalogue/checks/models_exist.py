"""Every model's name leads to a real model, without going in a circle."""

from __future__ import annotations

from collections.abc import Iterator

from crewctl.catalogue.draft import Draft
from crewctl.catalogue.kinds import MODELS_FILE
from crewctl.catalogue.model_names import LONGEST_CHAIN, SIMULATED, chain, is_model
from crewctl.catalogue.specs.model_spec import ModelSpec
from crewctl.catalogue.uses import models_used
from crewctl.catalogue.yaml_source import Path
from crewctl.diagnostics.nearest import did_you_mean
from crewctl.diagnostics.problem import Problem


def models_exist(draft: Draft) -> Iterator[Problem]:
    """Yield a problem for every model that cannot be resolved."""
    for name, spec in draft.catalogue.models.items():
        yield from _reserved(draft, name)
        yield from _circle(draft, name)
        if not is_model(draft.declared.models, spec.model):
            yield _unknown(draft, spec.model, MODELS_FILE, (name, *_model_key(draft, name)))
        if spec.fallback is not None and not is_model(draft.declared.models, spec.fallback):
            yield _unknown(draft, spec.fallback, MODELS_FILE, (name, "fallback"))
    for llm, use in models_used(draft.catalogue):
        name = llm.model if isinstance(llm, ModelSpec) else llm
        if not is_model(draft.declared.models, name):
            path = (*use.path, "model") if isinstance(llm, ModelSpec) else use.path
            yield _unknown(draft, name, use.file, path)
        spare = llm.fallback if isinstance(llm, ModelSpec) else None
        if spare is not None and not is_model(draft.declared.models, spare):
            yield _unknown(draft, spare, use.file, (*use.path, "fallback"))


def _model_key(draft: Draft, name: str) -> Path:
    """Return the rest of the way to the model's name: a string entry is the name itself."""
    return ("model",) if isinstance(draft.data(MODELS_FILE).get(name), dict) else ()


def _unknown(draft: Draft, name: str, file: str, path: Path) -> Problem:
    known = [*draft.catalogue.models, *SIMULATED]
    return Problem(
        draft.place(file, path),
        "unknown-model",
        f"there is no model '{name}'",
        did_you_mean(name, known) or "neither an entry nor provider/model",
        f"name an entry of {MODELS_FILE}, or write provider/model, such as openai/{name}",
    )


def _reserved(draft: Draft, name: str) -> Iterator[Problem]:
    if name in SIMULATED:
        yield Problem(
            draft.model(name, key=True),
            "reserved-name",
            f"'{name}' is a built-in model, and no entry can take its name",
            "choose another name",
            f"rename the entry, and write model: {name} in it",
        )


def _circle(draft: Draft, name: str) -> Iterator[Problem]:
    links = list(chain(draft.catalogue.models, name))
    end = links[-1][1].model
    names = [link for link, _ in links]
    # Report a circle once, at the entry that comes first in the file.
    closed = end == name and name == min(names, key=list(draft.catalogue.models).index)
    if closed or len(links) > LONGEST_CHAIN:
        shown = [*names, name] if closed else [*names[:4], "…"]
        yield Problem(
            draft.model(name, *_model_key(draft, name)),
            "model-circle",
            f"model '{name}' never arrives: {' → '.join(shown)}",
            "no real model at the end",
            "let one of them name a real model, such as openai/gpt-4o-mini, or offline",
        )
