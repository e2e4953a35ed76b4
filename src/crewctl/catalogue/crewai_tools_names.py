"""The class names that crewai_tools offers, read from its source without importing it."""

from __future__ import annotations

import ast
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path


@lru_cache(maxsize=1)
def tool_names() -> frozenset[str]:
    """Return the names in the ``__all__`` of the installed crewai_tools that are tools; none if it is absent."""
    spec = find_spec("crewai_tools")
    if spec is None or spec.origin is None:
        return frozenset()
    return names_in(Path(spec.origin).read_text(encoding="utf-8"))


def names_in(source: str) -> frozenset[str]:
    """Return the tools' class names that the module `source` lists in ``__all__``."""
    for node in ast.parse(source).body:
        if (
            isinstance(node, ast.Assign)
            and _is_all(node.targets)
            and isinstance(node.value, (ast.List, ast.Tuple))
        ):
            names = (item.value for item in node.value.elts if isinstance(item, ast.Constant))
            return frozenset(name for name in names if isinstance(name, str) and name.endswith("Tool"))
    return frozenset()


def _is_all(targets: list[ast.expr]) -> bool:
    return any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets)
