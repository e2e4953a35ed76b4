"""Turn one classic crew into its portion of a project: agents, tasks, and how they are put together."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crewctl.adapters.classic_crew import ClassicCrew, Made, made_by, order_of
from crewctl.adapters.classic_items import Place, Work, carry, is_carried
from crewctl.adapters.classic_models import model_spec
from crewctl.adapters.classic_python import UnknownValueError, called, followed, literal, own_method
from crewctl.adapters.classic_yaml import ClassicYaml, UnreadableYamlError, read_classic

_PUT_TOGETHER = {"agents", "tasks", "process", "manager_agent", "manager_llm", "verbose", "name"}


@dataclass
class Portion:
    """One crew's part: items by name, tasks in order, and for a hierarchy its manager.

    `used` names the agents that the crew has; an item of the files that no method takes is carried
    too, but belongs to no crew.
    """

    name: str
    description: str
    source: str
    line: int
    process: str = "sequential"
    agents: dict[str, dict[str, Any]] = field(default_factory=dict)
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    used: list[str] = field(default_factory=list)
    given: dict[str, str] = field(default_factory=dict)
    manager: str | None = None


def portion_of(work: Work, root: Path) -> Portion:
    """Return the portion of the crew that `work` is about."""
    crew = work.crew
    if crew is None:
        raise ValueError("a crew without a class has no methods to read")
    agents = _read(work, root, crew, crew.agents_config)
    tasks = _read(work, root, crew, crew.tasks_config)
    agent_keys, task_keys = _keys(crew.agents), _keys(crew.tasks)
    work.agent_keys, work.task_keys = agent_keys, task_keys
    portion = Portion(crew_name(crew.name), _description(crew), crew.file.name, crew.line)
    portion.agents = _items(work, "agent", agents, crew.agents, agent_keys)
    portion.tasks = _items(work, "task", tasks, crew.tasks, task_keys)
    _keep_given_agents(portion, crew, task_keys)
    _put_together(work, portion, crew)
    for what, method, line in crew.loose:
        work.note(crew.file.name, line, f"{what}, {method}(), was left out: code belongs into tools")
    return portion


def portion_of_files(work: Work, agents: ClassicYaml, tasks: ClassicYaml, name: str) -> Portion:
    """Return the portion of two files that no class puts together: the tasks in the file's order."""
    portion = Portion(crew_name(name), f"Imported from {tasks.name}", tasks.name, 1)
    portion.agents = {
        key: carry(work, "agent", key, item, agents.name, None) for key, item in agents.items.items()
    }
    portion.tasks = {
        key: carry(work, "task", key, item, tasks.name, None) for key, item in tasks.items.items()
    }
    portion.order, portion.used = list(portion.tasks), list(portion.agents)
    work.note(tasks.name, 0, "no @CrewBase class puts these tasks together; they stand in the file's order")
    return portion


def read_config(work: Work, root: Path, path: Path) -> ClassicYaml:
    """Return a YAML file of the project; what keeps it from being read becomes a note."""
    name = path.relative_to(root).as_posix()
    try:
        found = read_classic(path, name)
    except UnreadableYamlError as error:
        work.note(name, error.line, f"{error}; nothing was taken from it")
        return ClassicYaml(name, {}, {}, ())
    for key, line in found.odd:
        work.note(name, line, f"{key!r} is not a mapping of keys; left out")
    return found


def crew_name(written: str) -> str:
    """Return a crew's name made of a class's or a folder's: ``LatestNewsCrew`` becomes ``latest-news``."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", written)
    name = re.sub(r"[^a-z0-9]+", "-", spaced.lower()).strip("-")
    return (name.removesuffix("-crew") or name or "crew")[:60].strip("-")


def _read(work: Work, root: Path, crew: ClassicCrew, path: str) -> ClassicYaml:
    """Find the file beside the class, as CrewAI does, or where projects keep it otherwise."""
    home = crew.file.path.parent
    inside = root.resolve()
    for folder in (home, home / "src", home.parent, root):
        found = folder / path
        if found.is_file() and found.resolve().is_relative_to(inside):
            if folder != home:
                where = found.relative_to(root).as_posix() if found.is_relative_to(root) else path
                work.note(
                    crew.file.name, crew.line, f"{path} does not stand beside the class; {where} was taken"
                )
            return read_config(work, root, root / found.resolve().relative_to(inside))
    work.note(crew.file.name, crew.line, f"{path} was not found")
    return ClassicYaml(path, {}, {}, ())


def _keys(made: tuple[Made, ...]) -> dict[str, str]:
    """Return each method's key in the catalogue: its configuration's, or its own name for the second use."""
    keys: dict[str, str] = {}
    for one in made:
        wanted = one.config or one.method
        keys[one.method] = one.method if wanted in keys.values() else wanted
    return keys


def _items(
    work: Work, kind: str, file: ClassicYaml, made: tuple[Made, ...], keys: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    items: dict[str, dict[str, Any]] = {}
    for one in made:
        written = file.items.get(one.config or one.method, {})
        if not written and one.config is not None and work.crew is not None:
            work.note(work.crew.file.name, one.line, f"{one.config!r} does not stand in {file.name}")
        items[keys[one.method]] = carry(work, kind, keys[one.method], written, file.name, one)
    for key, written in file.items.items():
        if key not in items:
            items[key] = carry(work, kind, key, written, file.name, None)
    return items


def _keep_given_agents(portion: Portion, crew: ClassicCrew, task_keys: Mapping[str, str]) -> None:
    """Agents given in Python belong to this crew's use of a task, not to the task."""
    for one in crew.tasks:
        key = task_keys[one.method]
        agent = portion.tasks[key].get("agent")
        if "agent" in one.arguments and agent is not None:
            portion.given[key] = agent
            del portion.tasks[key]["agent"]


def _put_together(work: Work, portion: Portion, crew: ClassicCrew) -> None:
    if crew.crew is None:
        work.note(
            crew.file.name,
            crew.line,
            f"{crew.name} has no method under @crew; its tasks stand in their order",
        )
    portion.order = _listed(work, crew, "tasks", work.task_keys)
    portion.used = _listed(work, crew, "agents", work.agent_keys)
    arguments = crew.crew.arguments if crew.crew else {}
    names = crew.crew.names if crew.crew else {}
    portion.process = _process(work, crew, arguments.get("process"))
    if portion.process == "hierarchical":
        portion.manager = _manager(work, portion, crew, arguments)
        portion.used = [agent for agent in portion.used if agent != portion.manager]
    for key, node in arguments.items():
        if key not in _PUT_TOGETHER:
            try:
                value = literal(node, names)
            except UnknownValueError:
                value = ...
            is_carried(work, Place("crew", portion.name, crew.file.name, node.lineno), key, value)


def _listed(work: Work, crew: ClassicCrew, argument: str, keys: Mapping[str, str]) -> list[str]:
    methods = order_of(crew, argument)
    if methods is None:
        return list(keys.values())
    found = [keys[method] for method in methods if method in keys]
    if len(found) < len(methods) and crew.crew is not None:
        lost = len(methods) - len(found)
        work.note(
            crew.file.name, crew.crew.line, f"{lost} of the crew's {argument} could not be followed; left out"
        )
    return list(dict.fromkeys(found))


def _process(work: Work, crew: ClassicCrew, node: ast.expr | None) -> str:
    if node is None:
        return "sequential"
    said = (
        node.attr
        if isinstance(node, ast.Attribute)
        else node.value
        if isinstance(node, ast.Constant)
        else None
    )
    if said in {"sequential", "hierarchical"}:
        return str(said)
    work.note(crew.file.name, node.lineno, f"the process is {crew.file.source(node)}; taken as sequential")
    return "sequential"


def _manager(
    work: Work, portion: Portion, crew: ClassicCrew, arguments: Mapping[str, ast.expr]
) -> str | None:
    names = crew.crew.names if crew.crew else {}
    agent, model = arguments.get("manager_agent"), arguments.get("manager_llm")
    agent = followed(agent, names) if agent is not None else None
    if agent is not None and own_method(agent) in work.agent_keys:
        return work.agent_keys[own_method(agent)]
    if agent is not None and own_method(agent) in crew.others:
        return _made_in_place(work, portion, crew, crew.others[own_method(agent)])
    if isinstance(agent, ast.Call) and called(agent) == "Agent":
        made = made_by(agent, "manager", agent.lineno, "agents_config", names)
        return _made_in_place(work, portion, crew, made)
    if model is not None:
        dropped: list[str] = []
        spec = model_spec(model, names, dropped)
        if spec is not None:
            return work.models.name_for(spec)
        work.note(
            crew.file.name,
            model.lineno,
            f"the manager's model is {crew.file.source(model)}, which only running it would tell; "
            "it uses the model 'default'",
        )
        return "default"
    line = crew.crew.line if crew.crew else crew.line
    work.note(crew.file.name, line, "the manager could not be followed; write manager: into the crew's file")
    return None


def _made_in_place(work: Work, portion: Portion, crew: ClassicCrew, made: Made) -> str:
    """Carry a manager over who is no agent of the crew's own; what the file says of it stands already."""
    name = made.config or made.method
    known = portion.agents.get(name, {})
    portion.agents[name] = known | carry(work, "agent", name, {}, crew.file.name, made, complete=False)
    return name


def _description(crew: ClassicCrew) -> str:
    found = next(
        (
            node
            for node in ast.walk(crew.file.tree)
            if isinstance(node, ast.ClassDef) and node.name == crew.name
        ),
        None,
    )
    told = (ast.get_docstring(found) or "").strip() if found else ""
    return told or f"{crew.name}, imported from {crew.file.name}"
