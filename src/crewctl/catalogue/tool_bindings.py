"""What a name at the top of a tool's file may be, and what can be said of a piece of it by itself."""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum

DECORATORS = frozenset({"crewai.tools.tool", "crewai.tools.base_tool.tool"})
"""What makes a tool of a function."""
CLASSES = frozenset({f"crewai.tools.{name}" for name in ("BaseTool", "base_tool.BaseTool", "base_tool.Tool")})
"""What a tool is an instance of, or derives from."""

CREWAI = ("crewai.", "crewai_tools.")
_NO_TOOLS_THERE = sys.stdlib_module_names | {"pydantic", "typing_extensions", "crewctl"}
ONLY_KNOWN_WHEN_RUN = frozenset({"exec", "eval", "globals", "locals", "vars", "setattr", "__import__"})
"""By these a file gets names that its text does not show."""

PLAIN = (
    ast.Constant,
    ast.JoinedStr,
    ast.List,
    ast.Tuple,
    ast.Dict,
    ast.Set,
    ast.ListComp,
    ast.DictComp,
    ast.SetComp,
    ast.GeneratorExp,
    ast.Lambda,
    ast.Compare,
)
"""What is never a tool itself, whatever it holds."""


class Is(IntEnum):
    """Whether something is a tool."""

    NO = 0
    MAYBE = 1
    YES = 2


@dataclass(frozen=True)
class Bound:
    """A name at a file's top level. `here` says whether the file makes it: such tools count when it has only one.

    `why` says why it is no tool where that is a surprise, or why it cannot be told. `undescribed` is a
    function under the decorator that lacks its docstring: CrewAI refuses it.
    """

    is_tool: Is
    line: int = 1
    column: int = 1
    here: Is = Is.YES
    why: str = ""
    undescribed: bool = False


@dataclass
class ToolCode:
    """What a file's top level binds; `open_ended` says why there may be more than its text shows."""

    bound: dict[str, Bound] = field(default_factory=dict)
    open_ended: str = ""


def module_of(node: ast.Import | ast.ImportFrom) -> str:
    """Return what names are imported from; a file under tools/ is in the package ``tools``."""
    if isinstance(node, ast.Import):
        return ""
    return ".".join(part for part in ("tools" if node.level else "", node.module or "") if part)


def is_harmless(origin: str) -> bool:
    """Tell whether nothing of the module that `origin` begins with is a tool, or it is of the language itself."""
    root = origin.partition(".")[0]
    return not root or root in _NO_TOOLS_THERE or hasattr(builtins, root)


def is_own(module: str) -> bool:
    """Tell whether a module is one of the project's files under tools/."""
    return module.partition(".")[0] == "tools"


def counts_by(origins: Iterable[str]) -> Is:
    """Tell whether what these make of something of the file counts as a tool of the file, if it is one."""
    return Is.YES if any(not origin or origin.startswith(CREWAI) for origin in origins) else Is.MAYBE


def names_in(node: ast.AST) -> frozenset[str]:
    """Return every name that is used in a piece of code."""
    return frozenset(each.id for each in ast.walk(node) if isinstance(each, ast.Name))


def binds_otherwise(tree: ast.Module) -> str:
    """Return a name that a file's top level gets by other means than ``=``, ``def``, ``class`` and ``import``.

    That is by a ``for``, ``with``, ``except``, ``case`` or ``:=``, by several values at once that stand
    within others, or by a function's ``global``. Empty if there is none.
    """
    told = (name for each in ast.walk(tree) if isinstance(each, ast.Global) for name in each.names)
    return next(told, "") or next(_otherwise(tree), "")


def _otherwise(tree: ast.Module) -> Iterator[str]:
    left: list[ast.AST] = [tree]
    while left:
        node = left.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            yield node.name
        elif isinstance(node, ast.MatchMapping) and node.rest:
            yield node.rest
        left += _of_this_scope(node)


def _of_this_scope(node: ast.AST) -> Iterable[ast.AST]:
    """Return the parts of a piece of code that bind names in its own scope, without what ``=`` plainly binds."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
        inside = ast.expr | ast.arguments | ast.keyword
        return [part for part in ast.iter_child_nodes(node) if isinstance(part, inside)]
    if isinstance(node, ast.comprehension):
        return [node.iter, *node.ifs]
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        lists = [each.elts if isinstance(each, ast.Tuple | ast.List) else [each] for each in targets]
        strange = [each for several in lists for each in several if not isinstance(each, ast.Name)]
        return [*strange, node.value] if node.value else strange
    return ast.iter_child_nodes(node)


def is_false(test: ast.expr) -> bool:
    """Tell an ``if TYPE_CHECKING:`` and an ``if __name__ == "__main__":``, which never hold in a child."""
    if isinstance(test, ast.Compare):
        return isinstance(test.left, ast.Name) and test.left.id == "__name__"
    name = test.attr if isinstance(test, ast.Attribute) else test.id if isinstance(test, ast.Name) else ""
    return name == "TYPE_CHECKING"
