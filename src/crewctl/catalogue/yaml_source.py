"""One YAML file as read: its bytes, its data, and a place for every value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from crewctl.catalogue.yaml_nodes import composed
from crewctl.diagnostics.span import Span

Path = tuple[str | int, ...]
"""The way to a value: keys and positions from the top of the file."""


@dataclass(frozen=True)
class YamlSource:
    """`data` is plain dicts, lists and scalars; None where the file could not be read.

    `renamed` maps a path in crewctl's spelling to the key as the file spells it. Places are
    looked up on demand in a node tree that is composed anew: a clean check of thousands of
    files never pays for places, and keeps no tree in memory.
    """

    file: str
    content: bytes
    data: Any
    renamed: dict[Path, str] = field(default_factory=dict)

    def place(self, path: Path, *, key: bool = False) -> Span:
        """Return where the value at `path` stands, or its key; the nearest parent if it is absent."""
        node = self._root()
        label: yaml.Node | None = None
        for depth, part in enumerate(path, start=1):
            found = _step(node, self.renamed.get(path[:depth], part))
            if found is None:
                key = True
                break
            label, node = found
        chosen = label if key and label is not None else node
        return self.span_of(chosen) if chosen is not None else Span(self.file, 1, 1)

    def find(self, path: Path, text: str) -> Span:
        """Return the first place of `text` within the value at `path`; the value's own if it is not there."""
        node = self._root()
        for depth, part in enumerate(path, start=1):
            found = _step(node, self.renamed.get(path[:depth], part))
            if found is None:
                return self.place(path)
            node = found[1]
        return self.place(path) if node is None else self._search(node, text)

    def span_of(self, node: yaml.Node) -> Span:
        """Return the first line of what `node` covers."""
        start, end = node.start_mark, node.end_mark
        if start.line == end.line:
            width = end.column - start.column
        elif not isinstance(node, yaml.ScalarNode) or node.style in ("|", ">"):
            width = 1
        else:
            width = len(_line_of(self.content, start.line).rstrip()) - start.column
        return Span(self.file, start.line + 1, start.column + 1, max(1, width))

    def _search(self, node: yaml.Node, text: str) -> Span:
        for number in range(node.start_mark.line, node.end_mark.line + 1):
            line = _line_of(self.content, number)
            first = node.start_mark.column if number == node.start_mark.line else 0
            column = line.find(text, first)
            if column >= 0:
                return Span(self.file, number + 1, column + 1, len(text))
        return self.span_of(node)

    def _root(self) -> yaml.Node | None:
        return None if self.data is None else composed(self.content)


def _step(node: yaml.Node | None, part: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    """Return the key and the value one step down; an item of a list is its own key."""
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == part), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part]
    return None


def _line_of(content: bytes, number: int) -> str:
    lines = content.split(b"\n")
    if number >= len(lines):
        return ""
    # A byte-order mark takes no column.
    return lines[number].decode("utf-8", errors="replace").removeprefix("\ufeff")
