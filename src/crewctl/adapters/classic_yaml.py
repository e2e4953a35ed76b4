"""Read a classic YAML file as CrewAI does, and keep each prose value as it was written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

MOST_BYTES = 1_000_000
MOST_NODES = 20_000
DEEPEST = 40


class UnreadableYamlError(Exception):
    """A file that CrewAI itself could not use, or that is too much for anybody; `line` is where."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class Written:
    """A value: what it is, its text in the file, the column of its key, its style and its line."""

    value: Any
    raw: str
    column: int
    style: str | None
    line: int


Item = Mapping[str, Written]


@dataclass(frozen=True)
class ClassicYaml:
    """`items` are the agents or tasks, each a mapping of keys; `lines` where each begins."""

    name: str
    items: Mapping[str, Item]
    lines: Mapping[str, int]
    odd: tuple[tuple[str, int], ...]


def read_classic(path: Path, name: str) -> ClassicYaml:
    """Return what the file says; UnreadableYamlError says in one sentence why that is impossible."""
    content = path.read_bytes()
    if len(content) > MOST_BYTES:
        raise UnreadableYamlError(f"the file is larger than {MOST_BYTES:,} bytes", 1)
    text = content.decode("utf-8-sig", "replace").replace("\r\n", "\n")
    root = _composed(text)
    if not isinstance(root, yaml.MappingNode):
        raise UnreadableYamlError("the file is not a mapping of names", 1)
    items: dict[str, Item] = {}
    lines: dict[str, int] = {}
    odd: list[tuple[str, int]] = []
    for key, value in root.value:
        lines[str(key.value)] = key.start_mark.line + 1
        if isinstance(value, yaml.MappingNode):
            items[str(key.value)] = _item(value, text)
        else:
            odd.append((str(key.value), key.start_mark.line + 1))
    return ClassicYaml(name, items, lines, tuple(odd))


def _composed(text: str) -> yaml.Node | None:
    try:
        deep = (
            text.count("[")
            + text.count("{")
            + max((len(one) - len(one.lstrip()) for one in text.split("\n")), default=0)
        )
        if deep > MOST_BYTES // 100:
            raise UnreadableYamlError("the file is nested too deep", 1)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        _count(node, 0, [0])
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or "it is nested too deep"
        raise UnreadableYamlError(f"the file is not YAML: {what}", mark.line + 1 if mark else 1) from None
    return node


def _count(node: yaml.Node | None, depth: int, seen: list[int]) -> None:
    """Walk aliases as often as they are used, so that a bomb of them is noticed and not built."""
    seen[0] += 1
    if seen[0] > MOST_NODES or depth > DEEPEST:
        raise UnreadableYamlError("the file holds too many values or nests them too deep", 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            _count(key, depth + 1, seen)
            _count(value, depth + 1, seen)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _count(value, depth + 1, seen)


def _item(node: yaml.MappingNode, text: str) -> Item:
    loader = yaml.SafeLoader("")
    loader.flatten_mapping(node)
    found: dict[str, Written] = {}
    for key, value in node.value:
        found[str(key.value)] = Written(
            value=_value(loader, value),
            raw=text[value.start_mark.index : value.end_mark.index],
            column=key.start_mark.column,
            style=value.style if isinstance(value, yaml.ScalarNode) else None,
            line=key.start_mark.line + 1,
        )
    return found


def _value(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    try:
        return loader.construct_object(node, deep=True)
    except yaml.YAMLError:
        return None
