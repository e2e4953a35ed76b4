"""A project's catalogue: every spec that was read without a problem, and where each value stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from crewctl.catalogue.read_script import ReadScript
from crewctl.catalogue.specs.agent_spec import AgentSpec
from crewctl.catalogue.specs.crew_spec import HierarchicalCrew, MarketCrew, SequentialCrew
from crewctl.catalogue.specs.model_spec import ModelSpec
from crewctl.catalogue.specs.registry_specs import EntrySpec, PolicySpec, RubricSpec
from crewctl.catalogue.specs.task_spec import TaskSpec
from crewctl.catalogue.yaml_source import YamlSource
from crewctl.diagnostics.problem import Problem

AnyCrew = SequentialCrew | HierarchicalCrew | MarketCrew


@dataclass(frozen=True)
class Catalogue:
    """All that a project says, read once; `problems` holds what stood in the way.

    `models` holds only what config/models.yaml says itself: a string entry arrives as
    ``ModelSpec(model=...)``. `sources` maps a project-relative file to what was read from it,
    and `scripts` does so for the scripts of scripted models; `tool_files` maps ``tools/<name>.py`` to its bytes.
    """

    root: Path
    agents: Mapping[str, AgentSpec] = field(default_factory=lambda: MappingProxyType({}))
    tasks: Mapping[str, TaskSpec] = field(default_factory=lambda: MappingProxyType({}))
    models: Mapping[str, ModelSpec] = field(default_factory=lambda: MappingProxyType({}))
    crews: Mapping[str, AnyCrew] = field(default_factory=lambda: MappingProxyType({}))
    entries: Mapping[str, EntrySpec] = field(default_factory=lambda: MappingProxyType({}))
    rubrics: Mapping[str, RubricSpec] = field(default_factory=lambda: MappingProxyType({}))
    policy: PolicySpec = field(default_factory=PolicySpec)
    sources: Mapping[str, YamlSource] = field(default_factory=lambda: MappingProxyType({}))
    scripts: Mapping[str, ReadScript] = field(default_factory=lambda: MappingProxyType({}))
    tool_files: Mapping[str, bytes] = field(default_factory=lambda: MappingProxyType({}))
    problems: tuple[Problem, ...] = ()

    @property
    def contents(self) -> dict[str, bytes]:
        """The bytes of every file that a problem may be in, to be shown beside it."""
        read = {file: script.source.content for file, script in self.scripts.items()}
        read |= {file: source.content for file, source in self.sources.items()}
        return {**self.tool_files, **read}
