"""A small catalogue with one crew of each process, made by hand, to plan and approve from."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import TypeAdapter

from crewctl.catalogue.catalogue import AnyCrew, Catalogue
from crewctl.catalogue.specs.agent_spec import AgentSpec
from crewctl.catalogue.specs.crew_spec import CrewSpec
from crewctl.catalogue.specs.model_spec import ModelSpec
from crewctl.catalogue.specs.registry_specs import EntrySpec, PolicySpec, RubricSpec
from crewctl.catalogue.specs.task_spec import TaskSpec

_CREW: TypeAdapter[AnyCrew] = TypeAdapter(CrewSpec)

AGENTS: dict[str, dict[str, Any]] = {
    "researcher": {
        "role": "Market Researcher",
        "goal": "Gather and summarise recent signals about {company}",
        "backstory": "You find and synthesise market intelligence.",
        "llm": "standard",
        "tools": ["FileReadTool"],
    },
    "writer": {
        "role": "Writer",
        "goal": "Write plainly about {company}",
        "backstory": "You write as people speak.",
    },
    "story_writer": {"role": "Story writer", "goal": "Tell a story", "backstory": "You tell stories."},
    "judge": {
        "role": "Brand judge",
        "goal": "Choose well",
        "backstory": "You have read many.",
        "llm": "judge",
    },
    "coordinator": {
        "role": "Coordinator",
        "goal": "See that it is done",
        "backstory": "You know who can do what.",
        "allow_delegation": True,
    },
}
TASKS: dict[str, dict[str, Any]] = {
    "research": {
        "description": "Research {company}.",
        "expected_output": 'JSON such as {"signals": []}',
        "agent": "researcher",
    },
    "write": {"description": "Write about {company}.", "expected_output": "A page.", "context": ["research"]},
    "draft": {"description": "Write to {company}.", "expected_output": "An e-mail.", "timeout": "2m"},
}
MODELS: dict[str, dict[str, Any]] = {
    "default": {"model": "offline"},
    "standard": {"model": "default"},
    "judge": {"model": "default"},
}
INPUTS: dict[str, Any] = {"company": {"description": "Company to look at", "example": "Acme Corp"}}
CREWS: dict[str, dict[str, Any]] = {
    "brief": {
        "description": "Research, then write.",
        "process": "sequential",
        "inputs": INPUTS,
        "tasks": ["research", {"task": "write", "agent": "writer"}],
    },
    "diligence": {
        "description": "A coordinator leads.",
        "process": "hierarchical",
        "inputs": INPUTS,
        "tasks": ["research", "write"],
        "agents": ["writer", "researcher"],
        "manager": "coordinator",
    },
    "outreach": {
        "description": "Two write, one judges.",
        "process": "market",
        "inputs": INPUTS,
        "tasks": ["research"],
        "market": {
            "task": "draft",
            "contestants": ["writer", "story_writer"],
            "judge": "judge",
            "rubric": "plain",
        },
    },
}
ENTRIES: dict[str, dict[str, Any]] = {
    "brief": {"risk_level": "minimal", "owner": "team@example.eu"},
    "outreach": {
        "risk_level": "limited",
        "human_oversight_required": True,
        "limits": {"max_turns": 50, "timeout": "30m"},
    },
}
RUBRICS: dict[str, dict[str, Any]] = {
    "plain": {
        "criteria": {
            "specific": {"says": "Names facts.", "weight": 3.0},
            "short": {"says": "At most 220 words.", "must": True},
        }
    }
}


def sample_catalogue(root: Path | None = None, **changes: Any) -> Catalogue:
    """Return the catalogue; `changes` replace whole sections, as plain data: ``agents={...}``.

    ``tool_files`` and ``problems`` are taken as they are.
    """
    said: dict[str, Any] = {
        "agents": AGENTS,
        "tasks": TASKS,
        "models": MODELS,
        "crews": CREWS,
        "entries": ENTRIES,
        "rubrics": RUBRICS,
        "policy": {"limits": {"max_turns": 100, "timeout": "1h"}, "tools": {"FileReadTool": ["reads_files"]}},
    } | changes
    return Catalogue(
        root=root or Path("/project"),
        agents=MappingProxyType({n: AgentSpec.model_validate(s) for n, s in said["agents"].items()}),
        tasks=MappingProxyType({n: TaskSpec.model_validate(s) for n, s in said["tasks"].items()}),
        models=MappingProxyType({n: ModelSpec.model_validate(s) for n, s in said["models"].items()}),
        crews=MappingProxyType({n: _CREW.validate_python(s) for n, s in said["crews"].items()}),
        entries=MappingProxyType({n: EntrySpec.model_validate(s) for n, s in said["entries"].items()}),
        rubrics=MappingProxyType({n: RubricSpec.model_validate(s) for n, s in said["rubrics"].items()}),
        policy=PolicySpec.model_validate(said["policy"]),
        tool_files=MappingProxyType(said.get("tool_files", {})),
        problems=tuple(said.get("problems", ())),
    )
