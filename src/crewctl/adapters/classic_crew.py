"""Read one @CrewBase class: its agents, its tasks in order, its tools and how it makes its crew."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from crewctl.adapters.classic_python import (
    PythonFile,
    UnknownValueError,
    assigned,
    called,
    decorators,
    followed,
    literal,
    own_method,
)

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Made:
    """An Agent, Task or Crew that a method makes; `config` is the key in the YAML file, if it takes one."""

    method: str
    line: int
    config: str | None
    arguments: Mapping[str, ast.expr]
    names: Mapping[str, ast.expr]


@dataclass(frozen=True)
class ClassicCrew:
    """What the class says.

    `loose` are decorated methods that have no place in a catalogue, with their lines; `others` are the
    methods without a decorator that make an agent, as managers often are.
    """

    file: PythonFile
    name: str
    line: int
    agents_config: str
    tasks_config: str
    agents: tuple[Made, ...]
    tasks: tuple[Made, ...]
    tools: Mapping[str, ast.expr]
    crew: Made | None
    loose: tuple[tuple[str, str, int], ...] = ()
    others: Mapping[str, Made] = field(default_factory=dict)
    names: Mapping[str, ast.expr] = field(default_factory=dict)


_LOOSE = {
    "before_kickoff": "code before the kickoff",
    "after_kickoff": "code after the kickoff",
    "callback": "a callback",
    "output_pydantic": "a structured output",
    "output_json": "a structured output",
    "cache_handler": "a cache handler",
    "before_llm_call": "a hook",
    "after_llm_call": "a hook",
    "before_tool_call": "a hook",
    "after_tool_call": "a hook",
}


def crews_of(file: PythonFile) -> Iterator[ClassicCrew]:
    """Yield every class under @CrewBase in the file."""
    for node in ast.walk(file.tree):
        if isinstance(node, ast.ClassDef) and "CrewBase" in decorators(node):
            yield _crew(file, node)


def _crew(file: PythonFile, node: ast.ClassDef) -> ClassicCrew:
    methods = [one for one in node.body if isinstance(one, Function)]
    inits = [one for one in methods if one.name == "__init__"]
    names = {**file.names, **assigned(node.body)}
    for init in inits:
        names |= assigned(init.body)
    return ClassicCrew(
        file=file,
        name=node.name,
        line=node.lineno,
        agents_config=_path(names, "agents_config", "config/agents.yaml"),
        tasks_config=_path(names, "tasks_config", "config/tasks.yaml"),
        agents=tuple(
            _made(one, "Agent", "agents_config", names) for one in methods if "agent" in decorators(one)
        ),
        tasks=tuple(
            _made(one, "Task", "tasks_config", names) for one in methods if "task" in decorators(one)
        ),
        tools={one.name: value for one in methods if "tool" in decorators(one) for value in _returned(one)},
        crew=next((_made(one, "Crew", "", names) for one in methods if "crew" in decorators(one)), None),
        loose=tuple(
            (what, one.name, one.lineno)
            for one in methods
            for mark, what in _LOOSE.items()
            if mark in decorators(one)
        ),
        others={
            one.name: _made(one, "Agent", "agents_config", names)
            for one in methods
            if not one.decorator_list and any(called(node) == "Agent" for node in ast.walk(one))
        },
        names=names,
    )


def _path(names: Mapping[str, ast.expr], name: str, usual: str) -> str:
    try:
        found = literal(names[name], names) if name in names else usual
    except UnknownValueError:
        return usual
    return found if isinstance(found, str) else usual


def _made(method: Function, kind: str, config: str, names: Mapping[str, ast.expr]) -> Made:
    """Find the call that the method returns; an unknown construction leaves the arguments empty."""
    local = {**names, **_assigned_anywhere(method)}
    calls = [node for node in ast.walk(method) if isinstance(node, ast.Call)]
    made = next((call for call in calls if called(call) == kind), None) or next(
        (call for call in calls if any(word.arg == "config" for word in call.keywords)), None
    )
    return made_by(made, method.name, method.lineno, config, local)


def made_by(
    call: ast.Call | None, method: str, line: int, config: str, names: Mapping[str, ast.expr]
) -> Made:
    """Return what a call of Agent, Task or Crew makes, told apart into its configuration and the rest."""
    arguments = {word.arg: word.value for word in call.keywords if word.arg} if call else {}
    key = _config_key(arguments.pop("config", None), config, names)
    for name, node in list(arguments.items()):
        taken = _config_value(node, name, config, names)
        if taken is not None and key in {None, taken}:
            # description=self.tasks_config["research"]["description"] says what the file says.
            key = taken
            del arguments[name]
    return Made(method, line, key, arguments, names)


def _config_key(node: ast.expr | None, config: str, names: Mapping[str, ast.expr]) -> str | None:
    """Return the key in ``self.agents_config["key"]`` or ``self.agents_config.get("key")``."""
    node = followed(node, names) if node is not None else None
    key: ast.expr | None = None
    if isinstance(node, ast.Subscript):
        key = node.slice
    elif isinstance(node, ast.Call) and called(node) == "get" and node.args:
        key = node.args[0]
    holder = (
        node.value if isinstance(node, ast.Subscript) else node.func if isinstance(node, ast.Call) else None
    )
    if isinstance(holder, ast.Attribute) and holder.attr == "get":
        holder = holder.value
    if key is None or not config or not isinstance(holder, ast.Attribute) or holder.attr != config:
        return None
    try:
        found = literal(key, names)
    except UnknownValueError:
        return None
    return found if isinstance(found, str) else None


def _config_value(node: ast.expr, name: str, config: str, names: Mapping[str, ast.expr]) -> str | None:
    """Return the key whose own `name` an expression takes from the file, perhaps with ``.format(...)``."""
    if isinstance(node, ast.Call) and called(node) == "format" and isinstance(node.func, ast.Attribute):
        node = node.func.value
    if not (
        isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and node.slice.value == name
    ):
        return None
    return _config_key(node.value, config, names)


def _assigned_anywhere(method: Function) -> dict[str, ast.expr]:
    statements = [node for node in ast.walk(method) if isinstance(node, ast.Assign | ast.AnnAssign)]
    return assigned(list(statements))


def _returned(method: Function) -> list[ast.expr]:
    found = [
        node.value for node in ast.walk(method) if isinstance(node, ast.Return) and node.value is not None
    ]
    return found[:1]


def order_of(crew: ClassicCrew, argument: str) -> list[str] | None:
    """Return the methods that ``tasks=`` or ``agents=`` of the crew lists; None where it takes them all."""
    made = crew.crew
    given = made.arguments.get(argument) if made else None
    if made is None or given is None:
        return None
    node = followed(given, made.names)
    if not isinstance(node, ast.List | ast.Tuple):
        return None
    return [own_method(followed(item, made.names)) for item in node.elts]
