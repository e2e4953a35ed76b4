"""One YAML file as read: its bytes, its data, and a place for every value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from crewctl.diagnostics.span import Span

Path = tuple[str | int, ...]
"""The way to a value: keys and positions from the top of the file."""


@dataclass(frozen=True)
class YamlSource:
    """`data` is plain dicts, lists and scalars; places are looked up on demand in the node tree.

    Walking the tree only for problems keeps a clean check of thousands of files fast.
    """

    file: str
    content: bytes
    data: Any
    node: yaml.Node | None = field(repr=False)
    renamed: dict[tuple[str | int, ...], str] = field(default_factory=dict)

    def place(self, path: Path, *, key: bool = False) -> Span:
        """Return where the value at `path` stands, or its key; the nearest parent if it is absent."""
        raise NotImplementedError
