"""Collect the specs of a catalogue file by file, with the problems of each."""

from __future__ import annotations

import re
from collections.abc import Container
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

from crewctl.catalogue import kinds, wording
from crewctl.catalogue.catalogue import Catalogue
from crewctl.catalogue.draft import Declared, Everything
from crewctl.catalogue.entry_rest import rest_of_entry
from crewctl.catalogue.kinds import Kind
from crewctl.catalogue.not_yet import PROCESSES as UNBUILT_PROCESSES
from crewctl.catalogue.project_files import ProjectFile
from crewctl.catalogue.read_yaml import Reading
from crewctl.catalogue.specs.crew_spec import CrewHead
from crewctl.catalogue.specs.registry_specs import EntrySpec, PolicySpec
from crewctl.catalogue.specs.spec import ITEM_NAME
from crewctl.catalogue.spellings import rename
from crewctl.catalogue.validation import Item, validate
from crewctl.catalogue.yaml_source import Path as YamlPath
from crewctl.catalogue.yaml_source import YamlSource
from crewctl.diagnostics.nearest import did_you_mean
from crewctl.diagnostics.problem import Problem, Severity

_ITEM_NAME = re.compile(ITEM_NAME)
_WRAPPERS = {"agents", "tasks", "models", "crew", "entry", "policy", "rubric"}


class Collector:
    """Takes readings one by one; afterwards it holds the specs, the names and the problems."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.rests: dict[str, EntrySpec] = {}
        """What is left of entries with mistakes in them, by crew; only checks may see it."""
        self._sources: dict[str, YamlSource] = {}
        self._specs: dict[str, dict[str, Any]] = {}
        self._names: dict[str, set[str]] = {}
        self._unreadable: set[str] = set()

    def unreadable(self, file: ProjectFile, problem: Problem) -> None:
        """Note a file that could not be opened."""
        self.problems.append(problem)
        self._note_unread(file)

    def add(self, file: ProjectFile, reading: Reading) -> None:
        """Validate what one file says."""
        source = reading.source
        self._sources[file.file] = source
        self.problems += reading.problems
        if source.data is None and reading.problems:
            self._note_unread(file)
            return
        self._names.setdefault(file.kind.name, set())
        data = self._top(file, source)
        if data is None:
            self._note_unread(file)
        elif file.kind.many:
            for name, value in data.items():
                self._add_item(file, source, name, value)
        else:
            self._names[file.kind.name].add(file.name)
            spec = self._validated(file.kind, file.name, source, (), data)
            self._keep(file.kind, file.name, spec)
            if spec is None and file.kind is kinds.ENTRY and (rest := rest_of_entry(data)) is not None:
                self.rests[file.name] = rest

    def declared(self) -> Declared:
        """Return every name that is defined, well or badly."""
        wrong = {each.span.file for each in self.problems if each.severity is Severity.ERROR}
        return Declared(
            agents=self._container("agent"),
            tasks=self._container("task"),
            models=self._container("model"),
            rubrics=self._container("rubric"),
            crews=self._container("crew"),
            policy_is_known=kinds.POLICY_FILE not in wrong,
        )

    def catalogue(self, root: Path, tool_files: MappingProxyType[str, bytes]) -> Catalogue:
        """Return the catalogue, its problems still missing."""
        frozen = {kind: MappingProxyType(self._specs.get(kind, {})) for kind in _KINDS}
        return Catalogue(
            root=root,
            agents=frozen["agent"],
            tasks=frozen["task"],
            models=frozen["model"],
            crews=frozen["crew"],
            entries=frozen["entry"],
            rubrics=frozen["rubric"],
            policy=self._specs.get("policy", {}).get("policy", PolicySpec()),
            sources=MappingProxyType(self._sources),
            tool_files=tool_files,
        )

    def _container(self, kind: str) -> Container[str]:
        return Everything() if kind in self._unreadable else frozenset(self._names.get(kind, ()))

    def _note_unread(self, file: ProjectFile) -> None:
        """Remember that names may be missing, so that nobody is told that they are unknown."""
        if file.kind.many:
            self._unreadable.add(file.kind.name)
        else:
            self._names.setdefault(file.kind.name, set()).add(file.name)

    def _top(self, file: ProjectFile, source: YamlSource) -> dict[str, Any] | None:
        """Return the mapping that the file is, or None with the problem noted."""
        data = source.data
        if data is None:
            if file.kind.many or file.kind is kinds.POLICY:
                return {}
            self._report(source, "empty-file", f"{file.file} says nothing", "", "write the keys it needs")
            return None
        if not isinstance(data, dict):
            said = f"{file.file} must be a mapping, not {wording.called(data)}"
            help_line = (
                "write one name with its keys below it, for each"
                if file.kind.many
                else "write keys and values"
            )
            self._report(source, "list-file", said, "the file starts here", help_line)
            return None
        wrapper = next(iter(data)) if len(data) == 1 else ""
        if wrapper in _wrappers(file.kind) and _is_wrapped(file.kind, data[wrapper]):
            said = f"{file.file} is wrapped in a key '{wrapper}'"
            self._report(
                source,
                "wrapped-file",
                said,
                "take this line away",
                "begin the file with what stands below it",
            )
            return None
        return data

    def _add_item(self, file: ProjectFile, source: YamlSource, name: str, value: Any) -> None:
        kind = file.kind
        self._names[kind.name].add(name)
        if not _ITEM_NAME.fullmatch(name):
            said = f"{wording.quoted(name)} is not a name for {wording.species(kind, ())}"
            help_line = "use letters, digits, - and _, and start with a letter, a digit or _"
            self._report(source, "bad-name", said, "not a name", help_line, (name,))
            return
        if value is None:
            said = f"{kind.title(name)} is empty"
            self._report(
                source,
                "null-entry",
                said,
                "nothing is said about it",
                "write its keys below it, or take it away",
                (name,),
            )
            return
        if kind is kinds.MODEL and isinstance(value, str):
            value = {"model": value}
        if not isinstance(value, dict):
            said = f"{kind.title(name)} must be a mapping, not {wording.called(value)}"
            self._report(
                source, "wrong-type", said, "a mapping belongs here", "write its keys below it", (name,)
            )
            return
        self._keep(kind, name, self._validated(kind, name, source, (name,), value))

    def _validated(
        self, kind: Kind, name: str, source: YamlSource, path: YamlPath, value: dict[str, Any]
    ) -> BaseModel | None:
        for where in kind.limits:
            inner = value.get(where[0]) if where else value
            self.problems += rename(source, inner, (*path, *where))
        spec = _crew_spec(value) if kind is kinds.CREW else kind.spec
        item = Item(source, kind, name, path, value)
        if spec is None:
            self._without_process(item)
            return None
        return validate(item, spec, self.problems)

    def _without_process(self, item: Item) -> None:
        """Say what is wrong with the process, and with the rest as far as it is the same for all."""
        process = item.value.get("process")
        shared = set(CrewHead.model_fields)
        head = {key: value for key, value in item.value.items() if key in shared or key == "process"}
        validate(
            Item(item.source, item.kind, item.name, item.path, {**head, "process": process}),
            _AnyProcess,
            self.problems,
        )
        choices = list(kinds.PROCESSES)
        if "process" not in item.value:
            said, label = f"crew '{item.name}' has no process", "process is missing here"
        elif process in UNBUILT_PROCESSES:
            return
        else:
            said = f"process of crew '{item.name}' cannot be {wording.quoted(process)}"
            label = did_you_mean(str(process), choices) or "not one of the choices"
        rule = "not-a-choice" if "process" in item.value else "missing-key"
        self._report(item.source, rule, said, label, f"use one of: {wording.listed(choices)}", ("process",))

    def _keep(self, kind: Kind, name: str, spec: BaseModel | None) -> None:
        if spec is not None:
            self._specs.setdefault(kind.name, {})[name] = spec

    def _report(
        self, source: YamlSource, rule: str, said: str, label: str, help_line: str, path: YamlPath = ()
    ) -> None:
        self.problems.append(Problem(source.place(path, key=bool(path)), rule, said, label, help_line))


class _AnyProcess(CrewHead):
    """The part of a crew that does not depend on its process."""

    process: Any = None


_KINDS = ("agent", "task", "model", "crew", "entry", "rubric")


def _crew_spec(value: dict[str, Any]) -> type[BaseModel] | None:
    process = value.get("process")
    return kinds.PROCESSES.get(process) if isinstance(process, str) else None


def _wrappers(kind: Kind) -> set[str]:
    """Return the keys that mean nothing in a file of this kind; the policy has rules for ``models``."""
    return _WRAPPERS if kind.many else _WRAPPERS - kind.spec.model_fields.keys()


def _is_wrapped(kind: Kind, value: Any) -> bool:
    if kind.many:
        inner = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
        return any(isinstance(item, dict) for item in inner) and not _is_item(kind, value)
    return isinstance(value, dict)


def _is_item(kind: Kind, value: Any) -> bool:
    """Whether `value` looks like one item, so that its name is a name and not a wrapper."""
    return isinstance(value, dict) and any(key in kind.spec.model_fields for key in value)
