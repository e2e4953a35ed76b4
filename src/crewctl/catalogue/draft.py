"""What the checks see: the catalogue so far, and every name that is declared, well or badly."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from crewctl.catalogue.catalogue import Catalogue
from crewctl.catalogue.kinds import AGENTS_FILE, MODELS_FILE, TASKS_FILE, crew_file, entry_file
from crewctl.catalogue.recordings import Recordings
from crewctl.catalogue.uses import CrewUses, uses_of
from crewctl.catalogue.yaml_source import Path
from crewctl.diagnostics.span import Span


class Everything:
    """Stands for the names of a file that could not be read, so that no name in it is called unknown."""

    def __contains__(self, name: object) -> bool:
        """Return True: whatever is asked for may well be there."""
        return True


@dataclass(frozen=True)
class Declared:
    """Names that some file defines, also where the definition itself has a problem."""

    agents: Container[str] = field(default_factory=frozenset)
    tasks: Container[str] = field(default_factory=frozenset)
    models: Container[str] = field(default_factory=frozenset)
    rubrics: Container[str] = field(default_factory=frozenset)
    crews: Container[str] = field(default_factory=frozenset)
    policy_is_known: bool = True
    """False where the policy's file has errors: then nobody can tell what it leaves unsaid."""


@dataclass(frozen=True)
class Draft:
    """A catalogue that is being checked; without `recordings` nobody can tell what runs recorded."""

    catalogue: Catalogue
    declared: Declared
    recordings: Recordings | None = None

    @cached_property
    def uses(self) -> dict[str, CrewUses]:
        """What each crew uses, by the crew's name."""
        return {name: uses_of(self.catalogue, name, crew) for name, crew in self.catalogue.crews.items()}

    def place(self, file: str, path: Path, *, key: bool = False) -> Span:
        """Return where the value at `path` of `file` stands; the file's start when it was not read."""
        source = self.catalogue.sources.get(file)
        return source.place(path, key=key) if source is not None else Span(file, 1, 1)

    def find(self, file: str, path: Path, text: str) -> Span:
        """Return the first place of `text` within the value at `path` of `file`."""
        source = self.catalogue.sources.get(file)
        return source.find(path, text) if source is not None else Span(file, 1, 1)

    def agent(self, name: str, *path: str | int, key: bool = False) -> Span:
        """Return a place within an agent."""
        return self.place(AGENTS_FILE, (name, *path), key=key)

    def task(self, name: str, *path: str | int, key: bool = False) -> Span:
        """Return a place within a task."""
        return self.place(TASKS_FILE, (name, *path), key=key)

    def model(self, name: str, *path: str | int, key: bool = False) -> Span:
        """Return a place within an entry of config/models.yaml."""
        return self.place(MODELS_FILE, (name, *path), key=key)

    def crew(self, name: str, *path: str | int, key: bool = False) -> Span:
        """Return a place within a crew."""
        return self.place(crew_file(name), path, key=key)

    def entry(self, name: str, *path: str | int, key: bool = False) -> Span:
        """Return a place within a crew's registration."""
        return self.place(entry_file(name), path, key=key)

    def data(self, file: str) -> Mapping[str, Any]:
        """Return the data of `file`; empty when it is missing or not a mapping."""
        source = self.catalogue.sources.get(file)
        return source.data if source is not None and isinstance(source.data, dict) else {}
