"""Turn a classic CrewAI project into the files of a crewctl project, and say what could not be carried."""

from __future__ import annotations

import re
import tempfile
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from crewctl.adapters.classic_crew import crews_of
from crewctl.adapters.classic_emit import emit_items, flow, scalar
from crewctl.adapters.classic_inputs import declaration, examples, needed
from crewctl.adapters.classic_items import Work
from crewctl.adapters.classic_models import Models
from crewctl.adapters.classic_portion import Portion, portion_of, portion_of_files, read_config
from crewctl.adapters.classic_python import PythonFile, python_files, unreadable_crews
from crewctl.adapters.classic_tools import Tools, tools_defined
from crewctl.adapters.classic_yaml import Written
from crewctl.adapters.imported_project import Imported, Note
from crewctl.adapters.new_files import write_new
from crewctl.catalogue.load import load_catalogue
from crewctl.diagnostics.problem import Severity
from crewctl.errors import NotFoundError

_MODELINE = "# yaml-language-server: $schema={}\n"
_SAID_ALREADY = frozenset({"missing-key", "task-without-agent", "forward-context", "unknown-agent"})
_CONFIG_FOLDERS = (
    "config",
    "src/config",
    "src/*/config",
    "*/config",
    "src/*/crews/*/config",
    "*/src/*/config",
)


def import_classic(root: Path) -> Imported:
    """Read the project at `root` without running any of it; NotFoundError when there is none."""
    if not root.is_dir():
        raise NotFoundError(f"there is no folder {root}", help="name the folder of a CrewAI project")
    files = list(python_files(root))
    tools, models = Tools(tools_defined(files)), Models()
    notes = [
        Note(name, 0, "the file is not Python that can be read; nothing was taken from it")
        for name in unreadable_crews(root, files)
    ]
    portions: list[Portion] = []
    for crew in (one for file in files for one in crews_of(file)):
        work = Work(crew, {}, {}, tools, models, notes)
        portions.append(portion_of(work, root))
    if not portions:
        work = Work(None, {}, {}, tools, models, notes)
        portions += _from_files(work, root)
    if not portions:
        raise NotFoundError(
            f"{root} holds no @CrewBase class and no config/agents.yaml with config/tasks.yaml",
            help="name the folder that has src/<package>/crew.py",
        )
    return _assembled(portions, files, tools, models, notes)


def _from_files(work: Work, root: Path) -> Iterator[Portion]:
    folders = sorted({folder for pattern in _CONFIG_FOLDERS for folder in root.glob(pattern)})
    for folder in folders:
        agents, tasks = folder / "agents.yaml", folder / "tasks.yaml"
        if agents.is_file() and tasks.is_file() and not folder.is_symlink():
            name = root.resolve().name if len(folders) == 1 else folder.parent.name
            yield portion_of_files(
                work, read_config(work, root, agents), read_config(work, root, tasks), name
            )


def _assembled(
    portions: list[Portion], files: list[PythonFile], tools: Tools, models: Models, notes: list[Note]
) -> Imported:
    known = examples(files)
    agents: dict[str, dict[str, Any]] = {}
    tasks: dict[str, dict[str, Any]] = {}
    crews: dict[str, str] = {}
    for portion in portions:
        name = _free(portion.name, crews)
        _merge(portion, agents, tasks, name, notes)
        crews[name] = _crew_text(portion, known, notes)
    _note_flows(files, notes)
    notes += [
        Note(f"crews/{name}.yaml", 0, f"{name} has no registration; it counts as limited, with oversight")
        for name in crews
    ]
    header = "# Imported; every word of prose is as it was.\n"
    produced = {
        "config/agents.yaml": emit_items(agents, _MODELINE.format("../registry/schema/agents.json") + header),
        "config/tasks.yaml": emit_items(tasks, _MODELINE.format("../registry/schema/tasks.json") + header),
        "config/models.yaml": _models_text(models),
        **{f"crews/{name}.yaml": text for name, text in crews.items()},
        **tools.files,
    }
    notes += _still_wrong(produced)
    return Imported(produced, tuple(sorted(set(notes))), tuple(crews))


def _free(wanted: str, taken: Mapping[str, Any]) -> str:
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted}-{number}"
    return name


def _merge(
    portion: Portion,
    agents: dict[str, dict[str, Any]],
    tasks: dict[str, dict[str, Any]],
    crew: str,
    notes: list[Note],
) -> None:
    """Put a crew's items among the others'; one that says something else under the same name is renamed."""
    new_agents = _renamed(portion.agents, agents, crew, portion, notes)
    portion.given = {task: new_agents.get(agent, agent) for task, agent in portion.given.items()}
    portion.used = [new_agents.get(agent, agent) for agent in portion.used]
    portion.manager = new_agents.get(portion.manager, portion.manager) if portion.manager else None
    for item in portion.tasks.values():
        if "agent" in item:
            item["agent"] = new_agents.get(item["agent"], item["agent"])
    new_tasks = _tasks_renamed(portion, tasks, crew, notes)
    portion.order = [new_tasks[task] for task in portion.order]
    portion.given = {new_tasks[task]: agent for task, agent in portion.given.items()}
    agents |= {new_agents[name]: item for name, item in portion.agents.items()}
    tasks |= {new_tasks[name]: item for name, item in portion.tasks.items()}
    portion.agents = {new_agents[name]: item for name, item in portion.agents.items()}
    portion.tasks = {new_tasks[name]: item for name, item in portion.tasks.items()}


def _tasks_renamed(
    portion: Portion, tasks: Mapping[str, dict[str, Any]], crew: str, notes: list[Note]
) -> dict[str, str]:
    """Rename tasks until none that keeps a name has a context that was renamed."""
    contexts = {name: item["context"] for name, item in portion.tasks.items() if "context" in item}
    while True:
        found: list[Note] = []
        names = _renamed(portion.tasks, tasks, crew, portion, found)
        renewed = {name: [names.get(one, one) for one in context] for name, context in contexts.items()}
        changed = any(portion.tasks[name]["context"] != context for name, context in renewed.items())
        for name, context in renewed.items():
            portion.tasks[name]["context"] = context
        if not changed:
            notes += found
            return names


def _renamed(
    items: Mapping[str, dict[str, Any]],
    taken: Mapping[str, dict[str, Any]],
    crew: str,
    portion: Portion,
    notes: list[Note],
) -> dict[str, str]:
    names: dict[str, str] = {}
    for name, item in items.items():
        names[name] = name
        plain = _plain_name(name)
        if plain != name:
            names[name] = _free(plain, {**taken, **items})
            notes.append(
                Note(
                    portion.source,
                    portion.line,
                    f"{name!r} is no name for a catalogue; renamed {names[name]!r}",
                )
            )
        elif name in taken and _plain(taken[name]) != _plain(item):
            names[name] = _free(f"{crew.replace('-', '_')}_{name}", taken)
            notes.append(
                Note(
                    portion.source,
                    portion.line,
                    f"{name!r} says something else in another crew; renamed {names[name]!r}",
                )
            )
    return names


def _plain_name(name: str) -> str:
    """Return the name in letters that every system writes alike."""
    folded = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9_-]+", "_", folded).strip("-")[:80] or "unnamed"


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value.value if isinstance(value, Written) else value for key, value in item.items()}


def _crew_text(portion: Portion, known: Mapping[str, Any], notes: list[Note]) -> str:
    items = [portion.tasks[name] for name in portion.order]
    doers = {portion.given.get(name) or portion.tasks[name].get("agent") for name in portion.order}
    people = list(dict.fromkeys([*portion.used, *(one for one in doers if one)]))
    if portion.manager in portion.agents:
        people.append(str(portion.manager))
    inputs = needed([*items, *(portion.agents[name] for name in people if name in portion.agents)])
    lines = [
        _MODELINE.format("../registry/schema/crew.json").rstrip(),
        f"# Imported from {portion.source}.",
        f"description: {scalar(' '.join(portion.description.split()))}",
        f"process: {portion.process}",
    ]
    if inputs:
        lines.append("inputs:")
        lines += [f"  {name}: {flow(declaration(known.get(name)))}" for name in inputs]
    lines += _people(portion)
    lines.append("tasks:" if portion.order else "tasks: [] # no task was found")
    lines += [_task_line(portion, name, notes) for name in portion.order]
    _note_unknown(portion, notes)
    return "\n".join(lines) + "\n"


def _people(portion: Portion) -> list[str]:
    if portion.process == "hierarchical":
        manager = scalar(portion.manager) if portion.manager else "# TODO: an agent or a model that leads"
        return [f"manager: {manager}", f"agents: {flow(portion.used)}"]
    # Colleagues matter only to somebody who may delegate to them.
    delegates = any(portion.agents.get(name, {}).get("allow_delegation") for name in portion.used)
    return [f"agents: {flow(portion.used)}"] if delegates else []


def _task_line(portion: Portion, name: str, notes: list[Note]) -> str:
    given = portion.given.get(name)
    if given is not None:
        return f"  - {{task: {scalar(name)}, agent: {scalar(given)}}}"
    if "agent" not in portion.tasks[name] and portion.process == "sequential":
        notes.append(
            Note(
                portion.source,
                portion.line,
                f"task {name!r} names no agent, and none is guessed; write one into the crew",
            )
        )
        return f"  - {scalar(name)} # TODO: who does this? write {{task: {name}, agent: ...}}"
    return f"  - {scalar(name)}"


def _note_unknown(portion: Portion, notes: list[Note]) -> None:
    for number, name in enumerate(portion.order):
        task = portion.tasks[name]
        agent = task.get("agent")
        lost = [before for before in task.get("context") or () if before not in portion.order[:number]]
        said = [f"task {name!r} has {one!r} as context, which does not come before it" for one in lost]
        if agent is not None and agent not in portion.agents:
            said.append(f"task {name!r} names the agent {agent!r}, who is not there")
        notes += [Note(portion.source, portion.line, text) for text in said]


def _models_text(models: Models) -> str:
    lines = [
        _MODELINE.format("../registry/schema/models.json").rstrip(),
        "# Imported; what the old project's environment named as its model is not known here.",
        "default: offline # built in; change it to the model that the project used",
    ]
    lines += [f"{scalar(name)}: {flow(spec)}" for name, spec in models.entries.items()]
    return "\n".join(lines) + "\n"


def _still_wrong(files: Mapping[str, str]) -> Iterator[Note]:
    """Yield what a check of the imported files still finds and no note has said yet."""
    with tempfile.TemporaryDirectory() as folder:
        write_new(files, Path(folder))
        problems = load_catalogue(Path(folder)).problems
    for problem in problems:
        if problem.severity is Severity.ERROR and problem.rule not in _SAID_ALREADY:
            yield Note(problem.span.file, problem.span.line, f"{problem.message}; {problem.help}")


def _note_flows(files: list[PythonFile], notes: list[Note]) -> None:
    for file in files:
        for line, text in enumerate(file.text.splitlines(), 1):
            if text.startswith("class ") and ("(Flow[" in text or "(Flow)" in text):
                notes.append(Note(file.name, line, "a flow ties crews together here; it was not carried"))
