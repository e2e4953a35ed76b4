"""Tell which tools a Python file defines, as far as its text says so: nothing of it is run."""

from __future__ import annotations

import ast
import builtins
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import replace

from crewctl.catalogue.crewai_tools_names import tool_names
from crewctl.catalogue.tool_bindings import (
    CLASSES,
    CREWAI,
    DECORATORS,
    ONLY_KNOWN_WHEN_RUN,
    PLAIN,
    Bound,
    Is,
    ToolCode,
    binds_otherwise,
    counts_by,
    is_false,
    is_harmless,
    is_own,
    module_of,
    names_in,
)


def parsed(content: bytes) -> ast.Module:
    """Return the syntax tree; SyntaxError, ValueError, RecursionError or MemoryError where there is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a doubtful escape in somebody's tool is not our news
        return ast.parse(content)


_DECORATED = "what its decorator makes of it shows only when it runs"
MOST_LOOKS = 200_000
"""How often a name is looked up while one file is followed: far more than a file that somebody wrote needs."""


class ToolFiles:
    """The files under ``tools/``, each read when it is first asked for."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files
        self._codes: dict[str, ToolCode | None] = {}

    def code(self, file: str) -> ToolCode | None:
        """Return what `file` binds; None when it is not there or not Python."""
        if file not in self._codes:
            # For files that import each other: the one that is being read has nothing yet.
            self._codes[file] = ToolCode(open_ended="it and another file import each other")
            self._codes[file] = self._read(file)
        return self._codes[file]

    def _read(self, file: str) -> ToolCode | None:
        try:
            tree = parsed(self._files[file])
        except (LookupError, SyntaxError, ValueError, RecursionError, MemoryError):
            return None
        try:
            return _Reader(self, tree).read()
        except RecursionError:
            return ToolCode(open_ended="it is too deep to be followed")
        except _TooMuchError:
            return ToolCode(open_ended="it is too long to be followed")


class _TooMuchError(Exception):
    """Following a file takes more than it is worth."""


class _Reader:
    """Goes through the top level of one file in its order."""

    def __init__(self, files: ToolFiles, tree: ast.Module) -> None:
        self._files = files
        self._tree = tree
        self._code = ToolCode()
        self._imported: dict[str, str] = {}
        self._roots: set[str] = set()
        self._functions: dict[str, frozenset[str]] = {}
        # What functions, classes and values of these names are made of.
        self._uses: dict[str, frozenset[str]] = {}
        self._looks_left = MOST_LOOKS
        # Names that lead to no tool, so that a long chain of functions is followed once.
        self._no_concern: set[str] = set()

    def read(self) -> ToolCode:
        """Return what the file binds."""
        if sly := sorted(names_in(self._tree) & ONLY_KNOWN_WHEN_RUN):
            self._code.open_ended = f"it uses {sly[0]}"
        elif name := binds_otherwise(self._tree):
            self._code.open_ended = f"what '{name}' is there shows only when it runs"
        self._block(self._tree.body, sure=True)
        return self._code

    def _look(self, times: int = 1) -> None:
        """Count what is looked up, so that a file whose every line leads to all others ends soon."""
        self._looks_left -= times
        if self._looks_left < 0:
            raise _TooMuchError

    def _block(self, body: list[ast.stmt], *, sure: bool) -> None:
        for statement in body:
            self._statement(statement, sure=sure)

    def _statement(self, node: ast.stmt, *, sure: bool) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            self._functions[node.name] = self._uses[node.name] = names_in(node)
            self._bind(node.name, self._function(node), node, sure=sure)
        elif isinstance(node, ast.ClassDef):
            self._uses[node.name] = names_in(node)
            self._bind(node.name, self._class(node), node, sure=sure)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            self._import(node, sure=sure)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            self._assign(node, sure=sure)
        else:
            self._compound(node, sure=sure)

    def _compound(self, node: ast.stmt, *, sure: bool) -> None:
        """Read what stands within an ``if``, a ``try`` and the like."""
        if isinstance(node, ast.If) and is_false(node.test):
            self._block(node.orelse, sure=sure)
            return
        for target in node.targets if isinstance(node, ast.Delete) else ():
            if isinstance(target, ast.Name):
                self._bind(target.id, Bound(Is.NO), node, sure=sure)
        for _, value in ast.iter_fields(node):
            self._inner(value, sure=sure and isinstance(node, ast.With))

    def _inner(self, value: object, *, sure: bool) -> None:
        """Read the statements of an ``if``, a ``try`` and the like, their handlers and cases too."""
        for item in value if isinstance(value, list) else ():
            if isinstance(item, ast.stmt):
                self._statement(item, sure=sure)
            elif isinstance(item, ast.ExceptHandler | ast.match_case):
                self._block(item.body, sure=False)

    def _bind(self, name: str, bound: Bound, node: ast.stmt, *, sure: bool) -> None:
        self._no_concern.discard(name)
        if bound.is_tool is not Is.NO or name in self._uses:
            self._no_concern.clear()
        before = self._code.bound.get(name)
        if not sure and bound.is_tool != (before.is_tool if before is not None else Is.NO):
            bound = replace(bound, is_tool=Is.MAYBE, why=f"'{name}' depends on a condition")
        self._code.bound[name] = replace(bound, line=node.lineno, column=node.col_offset + 1)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Bound:
        if not node.decorator_list:
            return Bound(Is.NO, why="has no @tool above it")
        origins = self._decorators(node)
        if origins[0] in DECORATORS:
            undescribed = ast.get_docstring(node, clean=False) is None and len(origins) == 1
            return Bound(Is.YES, undescribed=undescribed)
        if unknown := next((origin for origin in origins if self._is_unbound(origin)), None):
            return Bound(Is.NO, why=f"'{unknown}' is not imported")
        if all(self._makes_no_tool(each) for each in node.decorator_list):
            return Bound(Is.NO, why="has no @tool above it")
        return Bound(Is.MAYBE, here=counts_by(origins), why=_DECORATED)

    def _decorators(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> list[str]:
        return [
            self._origin(each.func if isinstance(each, ast.Call) else each) for each in node.decorator_list
        ]

    def _makes_no_tool(self, decorator: ast.expr) -> bool:
        origin = self._origin(decorator.func if isinstance(decorator, ast.Call) else decorator)
        given = names_in(decorator) if isinstance(decorator, ast.Call) else frozenset()
        used = given | self._functions.get(origin, frozenset())
        if origin not in self._functions and not (origin and is_harmless(origin)):
            return False
        self._look(len(used))
        known = all(is_harmless(self._imported.get(name, "")) for name in used)
        return known and not self._is_about_tools(used)

    def _class(self, node: ast.ClassDef) -> Bound:
        if not all(self._makes_no_tool(each) for each in node.decorator_list):
            return Bound(Is.MAYBE, here=counts_by(self._decorators(node)), why=_DECORATED)
        found = [self._base(base) for base in node.bases]
        best = max(
            found, key=lambda one: one.is_tool, default=Bound(Is.NO, why="does not derive from BaseTool")
        )
        return replace(best, here=Is.YES if best.is_tool is Is.YES else max(best.here, Is.MAYBE))

    def _base(self, node: ast.expr) -> Bound:
        node = node.value if isinstance(node, ast.Subscript) else node
        origin = self._origin(node)
        if not origin:
            return Bound(Is.MAYBE, why="what it derives from shows only when it runs")
        if isinstance(node, ast.Name) and node.id in self._code.bound and node.id not in self._imported:
            return self._code.bound[node.id]
        if self._is_unbound(origin):
            return Bound(Is.NO, why=f"'{origin}' is not imported")
        if is_harmless(origin):
            return Bound(Is.NO, why="does not derive from BaseTool")
        return self._imported_thing(origin)

    def _imported_thing(self, origin: str) -> Bound:
        """Return what is behind a dotted name of another module."""
        if origin in CLASSES:
            return Bound(Is.YES, here=Is.NO)
        module, _, name = origin.rpartition(".")
        if module == "crewai_tools" and name in tool_names():
            return Bound(Is.YES, here=Is.NO)
        if is_harmless(origin) or origin in DECORATORS:
            return Bound(Is.NO, here=Is.NO)
        if is_own(module):
            return self._own(module, name)
        return Bound(Is.MAYBE, here=counts_by([origin]), why=f"{origin} is not looked into")

    def _own(self, module: str, name: str) -> Bound:
        code = self._own_code(module)
        maybe = Bound(Is.MAYBE, why=f"of {module}, {code.open_ended}") if code.open_ended else Bound(Is.NO)
        return replace(code.bound.get(name, maybe), here=Is.NO, undescribed=False)

    def _own_code(self, module: str) -> ToolCode:
        path = module.replace(".", "/")
        return self._files.code(f"{path}.py") or self._files.code(f"{path}/__init__.py") or ToolCode()

    def _import_all(self, module: str, node: ast.stmt, *, sure: bool) -> None:
        if is_harmless(module):
            return
        code = self._own_code(module) if is_own(module) else ToolCode(open_ended="who knows")
        if code.open_ended:
            self._code.open_ended = f"it imports whatever {module} has"
        self._look(len(code.bound))
        for name, bound in code.bound.items():
            if not name.startswith("_"):
                self._imported.setdefault(name, f"{module}.{name}")
                self._roots.add(module.partition(".")[0])
                self._bind(name, replace(bound, here=Is.NO, undescribed=False), node, sure=sure)

    def _import(self, node: ast.Import | ast.ImportFrom, *, sure: bool) -> None:
        module = module_of(node)
        for alias in node.names:
            if alias.name == "*":
                self._import_all(module, node, sure=sure)
                continue
            origin = f"{module}.{alias.name}" if module else alias.name
            name = alias.asname or alias.name.partition(".")[0]
            if not module and alias.asname is None:
                origin = name
            if sure or name not in self._imported:
                self._imported[name] = origin
                self._roots.add(origin.partition(".")[0])
            bound = self._imported_thing(origin) if module else Bound(Is.NO)
            self._bind(name, replace(bound, here=Is.NO), node, sure=sure)

    def _assign(self, node: ast.Assign | ast.AnnAssign, *, sure: bool) -> None:
        if node.value is None:
            return
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        value, part = self._value(node.value), self._value(node.value, whole=False)
        used = names_in(node.value)
        one_of = replace(
            min(part, Bound(Is.MAYBE), key=lambda one: one.is_tool),
            why="it is one of several values that are assigned at once",
        )
        for target in targets:
            if isinstance(target, ast.Name):
                self._uses[target.id] = used | self._uses.get(target.id, frozenset())
                self._look(len(self._uses[target.id]))
                self._bind(target.id, value, node, sure=sure)
            elif isinstance(target, ast.Tuple | ast.List):
                for each in (each for each in target.elts if isinstance(each, ast.Name)):
                    self._bind(each.id, one_of, node, sure=sure)

    def _value(self, node: ast.expr, *, whole: bool = True) -> Bound:
        if whole and isinstance(node, PLAIN):
            return Bound(Is.NO, why="is a plain value")
        if isinstance(node, ast.Name) and node.id in self._code.bound:
            return self._code.bound[node.id]
        made = self._made_by(node.func) if isinstance(node, ast.Call) else None
        if made is not None:
            return made
        names = names_in(node)
        if self._is_about_tools(names):
            return Bound(Is.MAYBE, why="what is assigned here shows only when it runs")
        self._look(len(names))
        if all(is_harmless(self._imported.get(name, "")) for name in names):
            return Bound(Is.NO, why="is no tool")
        return Bound(Is.MAYBE, here=Is.MAYBE, why="what is assigned here shows only when it runs")

    def _made_by(self, func: ast.expr) -> Bound | None:
        """Return what a call of `func` makes, where that is certain."""
        if isinstance(func, ast.Call):
            return Bound(Is.YES) if self._origin(func.func) in DECORATORS else None
        origin = self._origin(func)
        if origin in DECORATORS or origin in CLASSES:
            return Bound(Is.YES)
        if isinstance(func, ast.Name) and func.id in self._code.bound and func.id not in self._functions:
            found = self._code.bound[func.id]
            return found if found.is_tool is not Is.NO else None
        if self._imported_thing(origin).is_tool is Is.YES:
            return Bound(Is.YES, here=Is.NO)
        return None

    def _is_about_tools(self, names: Iterable[str]) -> bool:
        """Tell whether any of the names, or what those of such names are made of, has to do with tools."""
        left = list(names)
        while left:
            self._look()
            name = left.pop()
            if name in self._no_concern:
                continue
            self._no_concern.add(name)
            known = self._code.bound.get(name)
            is_tool = known is not None and known.is_tool is not Is.NO and known.here is not Is.NO
            if is_tool or self._imported.get(name, "").startswith(CREWAI):
                self._no_concern.clear()
                return True
            left += self._uses.get(name, ())
        return False

    def _origin(self, node: ast.expr) -> str:
        """Return the dotted name that an expression means, through what was imported; empty for other things."""
        if isinstance(node, ast.Name):
            return self._imported.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            before = self._origin(node.value)
            return f"{before}.{node.attr}" if before else ""
        return ""

    def _is_unbound(self, origin: str) -> bool:
        name = origin.partition(".")[0]
        known = name in self._imported or name in self._code.bound or hasattr(builtins, name)
        return bool(name) and not known and name not in self._roots and not self._code.open_ended
