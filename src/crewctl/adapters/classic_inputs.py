"""Find which inputs a crew's prose needs, and examples of them in the code that kicks it off."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import Any

from crewctl.adapters.classic_python import PythonFile, UnknownValueError, called, literal
from crewctl.adapters.classic_yaml import Written
from crewctl.catalogue.placeholders import placeholders

LONGEST_EXAMPLE = 2_000
Example = str | int | float | bool
_KICKOFFS = {"kickoff", "kickoff_async", "akickoff", "train", "test", "replay"}


def needed(items: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the placeholders of the items' prose, in the order in which they are met."""
    texts = (
        value.value if isinstance(value, Written) else value for item in items for value in item.values()
    )
    found = (name for text in texts if isinstance(text, str) for name, _, _ in placeholders(text))
    return list(dict.fromkeys(found))


def examples(files: Iterable[PythonFile]) -> dict[str, Example]:
    """Return literal values that some code gives inputs, the first for each name."""
    found: dict[str, Example] = {}
    for file in files:
        for node in ast.walk(file.tree):
            for given in _inputs(node):
                for name, value in _literals(given, file).items():
                    found.setdefault(name, value)
    return found


def declaration(example: Example | None) -> dict[str, Any]:
    """Return how a crew declares an input that has this example."""
    if example is None:
        return {}
    kinds = {bool: "boolean", int: "integer", float: "number"}
    kind = kinds.get(type(example))
    return {"type": kind, "example": example} if kind else {"example": example}


def _inputs(node: ast.AST) -> list[ast.Dict]:
    values: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        named = any(isinstance(target, ast.Name) and "input" in target.id.lower() for target in node.targets)
        values = [node.value] if named else []
    elif isinstance(node, ast.Call) and called(node) in _KICKOFFS:
        values = [word.value for word in node.keywords if word.arg == "inputs"] + list(node.args[:1])
    return [value for value in values if isinstance(value, ast.Dict)]


def _literals(node: ast.Dict, file: PythonFile) -> dict[str, Example]:
    found: dict[str, Example] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        try:
            read = literal(value, file.names)
        except UnknownValueError:
            continue
        short = not isinstance(read, str) or 0 < len(read) <= LONGEST_EXAMPLE
        if isinstance(key, ast.Constant) and isinstance(read, str | int | float | bool) and short:
            found[str(key.value)] = read
    return found
