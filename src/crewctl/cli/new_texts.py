"""The YAML that ``crewctl new`` writes; ``@`` stands for the new thing's name, ``%`` for a crew's."""

from __future__ import annotations

import json

Texts = tuple[tuple[str, str, str], ...]
"""What to write: the file, the name that is added, and its text."""

_AGENTS, _TASKS = "config/agents.yaml", "config/tasks.yaml"

AGENT = """\
@:
  role: Role of @
  goal: What @ is there to achieve.
  backstory: What @ knows, and how @ works.
  llm: default
"""
TASK = """\
@:
  description: What is to be done, step by step.
  expected_output: What the result looks like.
"""
RUBRIC = """\
# yaml-language-server: $schema=../schema/rubric.json
description: What a good result is.
criteria:
  usefulness: {weight: 2, says: Gives the reader what was asked for.}
  clarity: {weight: 1, says: Can be understood at first reading.}
"""
ENTRY = """\
# yaml-language-server: $schema=../schema/entry.json
owner: {owner}
risk_level: limited              # minimal | limited | high | prohibited
data_categories: []
human_oversight_required: true   # approval before kickoff
limits: {limits}
"""
_LIMITS = "{max_turns: 20, timeout: 10m}"
_WORKER = """\
{name}:
  role: Worker of %
  goal: Do the work of % about {{topic}} well.
  backstory: You are thorough, and you write plainly.
  llm: default
"""
_MANAGER = """\
@_manager:
  role: Manager of %
  goal: Have the work about {topic} done by those who know it best, and put it together.
  backstory: You hand work out clearly and check what comes back.
  allow_delegation: true
  llm: default
"""
_JUDGE = """\
@_judge:
  role: Judge of %
  goal: Choose the best draft by the rubric, and say why.
  backstory: You read closely and favour nobody.
  llm: {judge}
"""
_WORK = """\
@_work:
  description: Work on {topic}.
  expected_output: A short, clear text about {topic}.
  agent: @_first
"""
_OPEN_WORK = _WORK.replace("  agent: @_first\n", "")
_HEAD = """\
# yaml-language-server: $schema=../registry/schema/crew.json
description: What the crew % is for.
process: {process}
inputs:
  topic: {{description: What it is about, example: solar panels}}
"""
_SHAPES = {
    "sequential": "tasks: [@_work]\n",
    "hierarchical": "tasks: [@_work]\nagents: [@_first, @_second]\nmanager: @_manager\n",
    "market": (
        "market:\n  task: @_work\n  contestants: [@_first, @_second]\n  judge: @_judge\n  rubric: %\n"
    ),
}


def crew_texts(name: str, process: str, *, judge: str) -> Texts:
    """Return a crew and all it needs to be rehearsed at once; `judge` is the model that a judge takes."""
    under = name.replace("-", "_")
    first = (_AGENTS, f"{under}_first", _WORKER.replace("{name}", "@_first").replace("{{topic}}", "{topic}"))
    second = (
        _AGENTS,
        f"{under}_second",
        first[2].replace("_first", "_second").replace("Worker", "Second worker"),
    )
    crew = (
        f"crews/{name}.yaml",
        name,
        _HEAD.format(process=process) + _SHAPES[process],
    )
    parts: dict[str, Texts] = {
        "sequential": (first, (_TASKS, f"{under}_work", _WORK)),
        "hierarchical": (
            first,
            second,
            (_AGENTS, f"{under}_manager", _MANAGER),
            (_TASKS, f"{under}_work", _OPEN_WORK),
        ),
        "market": (
            first,
            second,
            (_AGENTS, f"{under}_judge", _JUDGE.replace("{judge}", judge)),
            (_TASKS, f"{under}_work", _OPEN_WORK),
            (f"registry/rubrics/{name}.yaml", name, RUBRIC),
        ),
    }
    return tuple(
        (file, added, text.replace("@", under).replace("%", name))
        for file, added, text in (*parts[process], crew)
    )


def single_text(kind: str, name: str, *, agent: str | None, owner: str) -> Texts:
    """Return one agent, task, rubric or entry."""
    if kind == "agent":
        return ((_AGENTS, name, AGENT.replace("@", name)),)
    if kind == "task":
        return ((_TASKS, name, TASK.replace("@", name) + (f"  agent: {agent}\n" if agent else "")),)
    if kind == "rubric":
        return ((f"registry/rubrics/{name}.yaml", name, RUBRIC),)
    text = ENTRY.replace("{owner}", json.dumps(owner)).replace("{limits}", _LIMITS)
    return ((f"registry/entries/{name}.yaml", name, text),)
