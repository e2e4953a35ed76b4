"""What a model's name may be: an entry of config/models.yaml, a built-in, or ``provider/model``."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping

from crewctl.catalogue.specs.model_spec import ModelSpec

RECORDED = "recorded"
"""The model that a run's recording answers for."""

SIMULATED = ("offline", "scripted", RECORDED)
"""Models that are no model: they answer from the machine itself."""

BUILT_IN = {"default": "offline"}
"""What a name means that config/models.yaml does not define."""

LONGEST_CHAIN = 16
"""More names than this before the real model are taken for a circle."""


def is_model(entries: Container[str], name: str) -> bool:
    """Tell whether `name` can be a model, with these entries in config/models.yaml."""
    return name in SIMULATED or name in BUILT_IN or "/" in name or name in entries


def chain(models: Mapping[str, ModelSpec], name: str) -> Iterator[tuple[str, ModelSpec]]:
    """Yield the entries that lead from `name` to its real model, as far as a chain may be long.

    Stops where the chain closes.
    """
    seen: set[str] = set()
    while name in models and name not in seen and len(seen) <= LONGEST_CHAIN:
        seen.add(name)
        yield name, models[name]
        name = models[name].model


def real_model(models: Mapping[str, ModelSpec], name: str) -> str:
    """Return the name at the end of the chain; of a circle, any name within it."""
    for _, spec in chain(models, name):
        name = spec.model
    return BUILT_IN.get(name, name) if name not in models else name
