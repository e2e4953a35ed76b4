"""Find and read the scripts that a catalogue's models name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from crewctl.catalogue.catalogue import Catalogue
from crewctl.catalogue.project_files import ProjectReader
from crewctl.catalogue.read_script import ReadScript, read_script
from crewctl.catalogue.specs.model_spec import ModelSpec


def named_scripts(models: Iterable[ModelSpec]) -> Iterator[str]:
    """Yield the files that models name as their script, each once; those out of bounds are left out."""
    seen: set[str] = set()
    for model in models:
        if model.script is not None and model.script not in seen and is_within(model.script):
            seen.add(model.script)
            yield model.script


def is_within(file: str) -> bool:
    """Tell whether a path that a model names stays in the project."""
    path = PurePosixPath(file)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and "\\" not in file


def read_scripts(catalogue: Catalogue, reader: ProjectReader) -> dict[str, ReadScript]:
    """Return every script that a model of `catalogue` names and that can be opened, by its path."""
    inline = (agent.llm for agent in catalogue.agents.values() if isinstance(agent.llm, ModelSpec))
    scripts: dict[str, ReadScript] = {}
    for file in named_scripts([*catalogue.models.values(), *inline]):
        content = reader.read(file)
        if isinstance(content, bytes):
            scripts[file] = read_script(file, content)
    return scripts
