"""Load a project's catalogue: read every file, validate it, check it against the others."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from crewctl.catalogue.catalogue import Catalogue
from crewctl.catalogue.checks import CHECKS, OF_STARTS
from crewctl.catalogue.collect import Collector
from crewctl.catalogue.draft import Draft
from crewctl.catalogue.project_files import ProjectReader, project_files
from crewctl.catalogue.read_cache import ReadCache
from crewctl.catalogue.recordings import Recordings
from crewctl.catalogue.scripts import read_scripts
from crewctl.catalogue.yaml_caps import MOST_BYTES, too_big
from crewctl.diagnostics.problem import Problem
from crewctl.diagnostics.span import Span
from crewctl.errors import NotFoundError


def load_catalogue(
    root: Path, *, cache: Path | None = None, recordings: Recordings | None = None
) -> Catalogue:
    """Return all that the project at `root` says, with every problem in it, sorted by place.

    `cache` names a file that remembers what clean YAML files said, by their content, so that a
    second load need not parse them again. Without `recordings` nobody looks whether a run that a model
    replays recorded anything. NotFoundError when `root` is not a folder.
    """
    if not root.is_dir():
        raise NotFoundError(f"there is no folder {root}", help="name a project's folder")
    with _without_collecting():
        return _load(root, ReadCache(cache), recordings)


def _load(root: Path, cache: ReadCache, recordings: Recordings | None) -> Catalogue:
    reader = ProjectReader(root)
    found = project_files(root)
    collector = Collector()
    collector.problems += found.problems
    for file in found.files:
        content = reader.read(file.file)
        if isinstance(content, Problem):
            collector.unreadable(file, content)
        else:
            collector.add(file, cache.read(file.file, content))
    cache.save()
    tools, tool_problems = _tools(reader)
    catalogue = collector.catalogue(root, tools)
    catalogue = replace(catalogue, scripts=MappingProxyType(read_scripts(catalogue, reader)))
    problems = [*collector.problems, *tool_problems]
    problems += [problem for read in catalogue.scripts.values() for problem in read.problems]
    draft = Draft(catalogue, collector.declared(), recordings)
    entries = MappingProxyType({**catalogue.entries, **collector.rests})
    with_rests = replace(draft, catalogue=replace(catalogue, entries=entries))
    for check in CHECKS:
        problems += check(with_rests if check in OF_STARTS else draft)
    return replace(catalogue, problems=_in_order(problems))


def _tools(reader: ProjectReader) -> tuple[MappingProxyType[str, bytes], list[Problem]]:
    tools: dict[str, bytes] = {}
    problems: list[Problem] = []
    for file, content in reader.tool_files():
        if isinstance(content, Problem):
            problems.append(content)
        else:
            problems += _unfit(file, content)
            tools[file] = content
    return MappingProxyType(tools), problems


def _unfit(file: str, content: bytes) -> Iterator[Problem]:
    """Yield what keeps a tool's file from travelling in the plan, as text."""
    if len(content) > MOST_BYTES:
        yield too_big(file)
        return
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        help_line = "keep data that is not text out of tools/"
        yield Problem(Span(file, 1, 1), "not-utf8", "the file is not UTF-8 text", help=help_line)


def _in_order(problems: list[Problem]) -> tuple[Problem, ...]:
    unique = dict.fromkeys(problems)
    return tuple(sorted(unique, key=lambda problem: (problem.span, problem.rule, problem.message)))


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Keep the cyclic collector from walking a growing heap that holds no cycles yet."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
