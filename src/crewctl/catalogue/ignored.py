"""What a project says that changes nothing, for ``crewctl check -v``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from crewctl.catalogue import kinds
from crewctl.catalogue.catalogue import Catalogue
from crewctl.catalogue.crewai_fields import crewai_fields_of
from crewctl.catalogue.kinds import Kind
from crewctl.catalogue.not_yet import harmless
from crewctl.catalogue.yaml_source import Path, YamlSource
from crewctl.diagnostics.span import Span


class Ignored(NamedTuple):
    """A field without effect: where it stands, whose it is, and why it does nothing."""

    span: Span
    field: str
    owner: str
    reason: str


def ignored_fields(catalogue: Catalogue) -> tuple[Ignored, ...]:
    """Return every display field, and every field that says what crewctl does anyway, by place."""
    found = [
        ignored
        for kind, name, source, path, item in _items(catalogue)
        for ignored in _of_item(kind, name, source, path, item)
    ]
    return tuple(sorted(found))


def _items(catalogue: Catalogue) -> Iterator[tuple[Kind, str, YamlSource, Path, dict[str, Any]]]:
    for file, kind in ((kinds.AGENTS_FILE, kinds.AGENT), (kinds.TASKS_FILE, kinds.TASK)):
        source = catalogue.sources.get(file)
        if source is not None and isinstance(source.data, dict):
            for name, item in source.data.items():
                if isinstance(item, dict):
                    yield kind, name, source, (name,), item
    for file, source in catalogue.sources.items():
        if file.startswith("crews/") and isinstance(source.data, dict):
            name = file.removeprefix("crews/").removesuffix(".yaml")
            yield kinds.CREW, name, source, (), source.data


def _of_item(
    kind: Kind, name: str, source: YamlSource, path: Path, item: dict[str, Any]
) -> Iterator[Ignored]:
    fields = crewai_fields_of(kind.name)
    off = harmless(kind.name, item)
    for key in item:
        if key in off:
            reason = "says what crewctl does anyway"
        elif key in fields and fields[key].status == "display":
            reason = fields[key].reason
        else:
            continue
        yield Ignored(source.place((*path, key), key=True), key, kind.title(name), reason)
