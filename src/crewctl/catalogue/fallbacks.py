"""Who takes over for whom: agents and models that stand in when another keeps failing."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from crewctl.catalogue.model_names import chain
from crewctl.catalogue.specs.agent_spec import AgentSpec
from crewctl.catalogue.specs.model_spec import ModelSpec


def stand_ins(agents: Mapping[str, AgentSpec], first: str | None) -> tuple[str, ...]:
    """Return `first` and the agents who take over after it, in order; a circle is cut where it closes."""

    def after(name: str) -> str | None:
        spec = agents.get(name)
        return spec.fallback if spec is not None else None

    return way(first, after)


def way(first: str | None, after: Callable[[str], str | None]) -> tuple[str, ...]:
    """Return `first`, what comes `after` it, and so on, each once."""
    found: list[str] = []
    name = first
    while name is not None and name not in found:
        found.append(name)
        name = after(name)
    return tuple(found)


def fallback_model(models: Mapping[str, ModelSpec], name: str) -> str | None:
    """Return the model that takes over for `name`: the first that its chain of entries names."""
    return next((spec.fallback for _, spec in chain(models, name) if spec.fallback is not None), None)
