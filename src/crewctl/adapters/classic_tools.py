"""Work out which tools a classic project gives, by class or by file, and which files can come along."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from crewctl.adapters.classic_crew import ClassicCrew
from crewctl.adapters.classic_python import PythonFile, called, decorators, own_method
from crewctl.catalogue.crewai_tools_names import tool_names

_AVAILABLE = frozenset(
    {*sys.stdlib_module_names, "crewai", "crewai_tools", "pydantic", "requests", "httpx", "yaml"}
)
_MODULE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Found:
    """A tool's name in a catalogue, or why there is none; `remark` is what got lost on the way."""

    name: str | None
    remark: str = ""


@dataclass
class Tools:
    """The project's own tools by class or function name, and the files that were taken along."""

    defined: Mapping[str, PythonFile]
    files: dict[str, str] = field(default_factory=dict)

    def resolve(
        self, node: ast.expr, names: Mapping[str, ast.expr], crew: ClassicCrew, depth: int = 0
    ) -> Found:
        """Return the tool that an element of a ``tools=`` list is."""
        most = 6
        label = crew.file.source(node)
        if depth > most:
            return Found(None, f"the tool {label} is made in a way that only running it would tell")
        method = own_method(node)
        if method in crew.tools:
            return self.resolve(crew.tools[method], names, crew, depth + 1)
        name = node.id if isinstance(node, ast.Name) else "" if isinstance(node, ast.Call) else method
        if name in names:
            return self.resolve(names[name], names, crew, depth + 1)
        if isinstance(node, ast.Call) and called(node):
            return self._class(_real_name(crew.file, called(node)), node, label)
        if isinstance(node, ast.Name):
            return self._named(_real_name(crew.file, node.id), label)
        return Found(None, f"the tool {label} is made in a way that only running it would tell")

    def _class(self, name: str, node: ast.Call, label: str) -> Found:
        given = [word.arg or "**" for word in node.keywords] + ["a value"] * len(node.args)
        if name in tool_names():
            lost = f"the tool {name} was made with {', '.join(given)}; crewctl makes it without arguments"
            return Found(name, lost if given else "")
        if name in self.defined:
            if given:
                return Found(None, f"the tool {label} needs arguments, and crewctl makes tools without any")
            return self._own(name)
        return Found(None, f"the tool {label} is neither a class of crewai_tools nor found in this project")

    def _named(self, name: str, label: str) -> Found:
        if name in self.defined:
            return self._own(name)
        if name in tool_names():
            return Found(name)
        return Found(None, f"the tool {label} is neither a class of crewai_tools nor found in this project")

    def _own(self, name: str) -> Found:
        file = self.defined[name]
        if not _MODULE.fullmatch(name):
            return Found(None, f"the tool {name} has a name that no file can have")
        lacking = sorted(set(_needs(file)) - _AVAILABLE)
        inner = [one for one in lacking if one.startswith(".") or one in self._own_packages()]
        if inner:
            return Found(
                None,
                f"the tool {name} in {file.name} imports {', '.join(inner)} from the project it lives in",
            )
        self.files[f"tools/{name}.py"] = file.text
        remark = f"the tool {name} was copied from {file.name}; read it before anything runs"
        return Found(f"custom:{name}", remark + (f"; it needs {', '.join(lacking)}" if lacking else ""))

    def _own_packages(self) -> set[str]:
        return {part for file in self.defined.values() for part in file.path.parts[-6:-1]} | {
            file.path.stem for file in self.defined.values()
        }


def tools_defined(files: Iterator[PythonFile] | list[PythonFile]) -> dict[str, PythonFile]:
    """Return the tools that the files define, by the name of the class or of the function under @tool."""
    found: dict[str, PythonFile] = {}
    for file in files:
        for node in file.tree.body:
            if isinstance(node, ast.ClassDef):
                is_tool = any(_is_tool_base(one) for one in node.bases)
            else:
                is_tool = isinstance(node, ast.FunctionDef) and "tool" in decorators(node)
            if is_tool and isinstance(node, ast.ClassDef | ast.FunctionDef):
                found.setdefault(node.name, file)
    return found


def _is_tool_base(node: ast.expr) -> bool:
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return name.endswith("Tool")


def _real_name(file: PythonFile, name: str) -> str:
    return file.imports[name].rsplit(":", 1)[1] if name in file.imports else name


def _needs(file: PythonFile) -> Iterator[str]:
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "") if node.level else (node.module or "").split(".")[0]
