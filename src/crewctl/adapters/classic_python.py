"""Read values out of Python source without running it."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MOST_BYTES = 1_000_000
MOST_FILES = 5_000
_SKIPPED = frozenset(
    {"node_modules", "site-packages", "venv", "env", "__pycache__", "build", "dist", "tests", "test"}
)


class UnknownValueError(Exception):
    """An expression whose value only running it would tell."""


@dataclass(frozen=True)
class PythonFile:
    """One parsed file; `name` is relative to the project that is imported."""

    name: str
    path: Path
    text: str
    tree: ast.Module
    names: Mapping[str, ast.expr] = field(default_factory=dict)
    imports: Mapping[str, str] = field(default_factory=dict)

    def source(self, node: ast.AST) -> str:
        """Return the node as written, on one line and not too long."""
        text = " ".join((ast.get_source_segment(self.text, node) or "").split())
        longest = 60
        return text if len(text) <= longest else f"{text[:longest]}..."


def python_files(root: Path) -> Iterator[PythonFile]:
    """Yield every readable Python file of the project, in the order of their names."""
    for count, path in enumerate(_walk(root)):
        if count >= MOST_FILES:
            return
        found = read_python(path, path.relative_to(root).as_posix())
        if found is not None:
            yield found


def unreadable_crews(root: Path, files: list[PythonFile]) -> Iterator[str]:
    """Yield the files that speak of a @CrewBase class and could not be parsed."""
    read = {file.name for file in files}
    for path in _walk(root):
        name = path.relative_to(root).as_posix()
        if name not in read and path.stat().st_size <= MOST_BYTES and b"@CrewBase" in path.read_bytes():
            yield name


def read_python(path: Path, name: str) -> PythonFile | None:
    """Return the parsed file, or None if it is no Python, too large or no plain file."""
    with contextlib.suppress(OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        if not path.is_symlink() and path.stat().st_size <= MOST_BYTES:
            text = path.read_text(encoding="utf-8")
            tree = ast.parse(text)
            return PythonFile(name, path, text, tree, _assigned(tree.body), _imported(tree))
    return None


def literal(node: ast.expr, names: Mapping[str, ast.expr], depth: int = 0) -> Any:
    """Return the value of a literal, of a name bound to one, or of joined literal strings."""
    most = 8
    if isinstance(node, ast.Name) and node.id in names and depth < most:
        return literal(names[node.id], names, depth + 1)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
        if node.attr in names and depth < most:
            return literal(names[node.attr], names, depth + 1)
        raise UnknownValueError
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = (literal(side, names, depth + 1) for side in (node.left, node.right))
        if isinstance(left, str) and isinstance(right, str):
            return left + right
        raise UnknownValueError
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        raise UnknownValueError from None


def called(node: ast.AST) -> str:
    """Return the last part of the name of what a call calls, or ''."""
    if not isinstance(node, ast.Call):
        return ""
    if isinstance(node.func, ast.Name):
        return node.func.id
    return node.func.attr if isinstance(node.func, ast.Attribute) else ""


def followed(node: ast.expr, names: Mapping[str, ast.expr]) -> ast.expr:
    """Return what a plain name was given in `names`; any other expression as it is."""
    return names.get(node.id, node) if isinstance(node, ast.Name) else node


def own_method(node: ast.AST) -> str:
    """Return the name of the method in ``self.name()`` or ``self.name``, or ''."""
    target = node.func if isinstance(node, ast.Call) else node
    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self":
        return target.attr
    return ""


def decorators(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> set[str]:
    """Return the last parts of the names of the node's decorators."""
    found = set()
    for decorator in node.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(target, ast.Name):
            found.add(target.id)
        elif isinstance(target, ast.Attribute):
            found.add(target.attr)
    return found


def assigned(body: list[ast.stmt]) -> dict[str, ast.expr]:
    """Return the names that plain assignments in `body` bind, also ``self.name``."""
    return _assigned(body)


def _assigned(body: list[ast.stmt]) -> dict[str, ast.expr]:
    found: dict[str, ast.expr] = {}
    for statement in body:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                name = target.id if isinstance(target, ast.Name) else own_method(target)
                if name:
                    found[name] = statement.value
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            name = (
                statement.target.id
                if isinstance(statement.target, ast.Name)
                else own_method(statement.target)
            )
            if name:
                found[name] = statement.value
    return found


def _imported(tree: ast.Module) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            found |= {alias.asname or alias.name: f"{module}:{alias.name}" for alias in node.names}
    return found


def _walk(root: Path) -> Iterator[Path]:
    for path in sorted(root.iterdir()) if root.is_dir() else []:
        if path.name.startswith(".") or path.is_symlink() or path.name in _SKIPPED:
            continue
        if path.is_dir():
            yield from _walk(path)
        elif path.suffix == ".py":
            yield path
