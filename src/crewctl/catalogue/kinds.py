"""The kinds of file a project has, and what each holds."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel

from crewctl.catalogue.specs.agent_spec import AgentSpec
from crewctl.catalogue.specs.crew_spec import HierarchicalCrew, MarketCrew, SequentialCrew
from crewctl.catalogue.specs.model_spec import ModelSpec
from crewctl.catalogue.specs.registry_specs import EntrySpec, PolicySpec, RubricSpec
from crewctl.catalogue.specs.script_spec import Script
from crewctl.catalogue.specs.task_spec import TaskSpec


@dataclass(frozen=True)
class Kind:
    """`many` files hold named items; the others are one item each, named by the file.

    `limits` are the places, within an item, of mappings that take the second spellings.
    """

    name: str
    spec: type[BaseModel]
    many: bool = False
    limits: tuple[tuple[str, ...], ...] = ()

    def title(self, name: str) -> str:
        """Return how messages call the item `name`."""
        if self.name in ("policy", "script"):
            return f"the {self.name}"
        if self.name == "entry":
            return f"the entry of crew '{name}'"
        return f"{self.name} '{name}'"


AGENT = Kind("agent", AgentSpec, many=True)
TASK = Kind("task", TaskSpec, many=True, limits=((),))
MODEL = Kind("model", ModelSpec, many=True)
CREW = Kind("crew", SequentialCrew, limits=(("limits",),))
ENTRY = Kind("entry", EntrySpec, limits=(("limits",),))
POLICY = Kind("policy", PolicySpec, limits=(("limits",),))
RUBRIC = Kind("rubric", RubricSpec)
SCRIPT = Kind("script", Script)

PROCESSES: dict[str, type[SequentialCrew | HierarchicalCrew | MarketCrew]] = {
    "sequential": SequentialCrew,
    "hierarchical": HierarchicalCrew,
    "market": MarketCrew,
}

AGENTS_FILE = "config/agents.yaml"
TASKS_FILE = "config/tasks.yaml"
MODELS_FILE = "config/models.yaml"
POLICY_FILE = "registry/policy.yaml"
GOVERNING = frozenset({"config", "crews", "registry", "tools"})
"""Folders that are read to decide what may run: an output there could approve or rewrite the next run."""


def crew_file(name: str) -> str:
    """Return the file of the crew `name`, relative to the project."""
    return f"crews/{name}.yaml"


def entry_file(name: str) -> str:
    """Return the file of the crew's registration, relative to the project."""
    return f"registry/entries/{name}.yaml"


def rubric_file(name: str) -> str:
    """Return the file of the rubric `name`, relative to the project."""
    return f"registry/rubrics/{name}.yaml"


def governs(name: str) -> bool:
    """Tell whether a file or folder called `name` in the project's folder may have a say in what runs."""
    return name.casefold() in GOVERNING or name.startswith(".")
