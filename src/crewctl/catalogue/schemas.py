"""JSON Schemas for editors, generated from the specs."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from crewctl.catalogue.crewai_fields import CREWAI_FIELDS
from crewctl.catalogue.crewai_fields import Kind as CrewaiKind
from crewctl.catalogue.specs.agent_spec import AgentSpec
from crewctl.catalogue.specs.crew_spec import CrewSpec
from crewctl.catalogue.specs.model_spec import ModelSpec
from crewctl.catalogue.specs.registry_specs import EntrySpec, PolicySpec, RubricSpec
from crewctl.catalogue.specs.spec import ITEM_NAME
from crewctl.catalogue.specs.task_spec import TaskSpec
from crewctl.catalogue.spellings import SPELLINGS

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_ITEMS: dict[str, tuple[type[BaseModel], str]] = {
    "agents.json": (AgentSpec, "config/agents.yaml: agents by name"),
    "tasks.json": (TaskSpec, "config/tasks.yaml: tasks by name"),
    "models.json": (ModelSpec, "config/models.yaml: models by name"),
}
_WHOLE: dict[str, tuple[Any, str]] = {
    "crew.json": (CrewSpec, "crews/<name>.yaml: one crew"),
    "entry.json": (EntrySpec, "registry/entries/<crew>.yaml: a crew's registration"),
    "policy.json": (PolicySpec, "registry/policy.yaml: ceilings and rules for every crew"),
    "rubric.json": (RubricSpec, "registry/rubrics/<name>.yaml: what a judge judges by"),
}
_SECONDS = {
    "type": ["string", "number"],
    "description": "Older spelling of timeout; a bare number is seconds.",
}
_TURNS = {"type": "integer", "minimum": 1, "description": "Older spelling of max_turns."}
_OLDER: dict[str, dict[str, Any]] = {"maxTurns": _TURNS, "maxTimeout": _SECONDS}
_KINDS: dict[str, CrewaiKind] = {
    "AgentSpec": "agent",
    "TaskSpec": "task",
    "SequentialCrew": "crew",
    "HierarchicalCrew": "crew",
    "MarketCrew": "crew",
}
_TAKES_OLDER = frozenset({"LimitsSpec", "TaskSpec"})


def schemas() -> dict[str, dict[str, Any]]:
    """Return the schema of every file that a user writes, by the schema's file name."""
    made = {file: _by_name(spec, title) for file, (spec, title) in _ITEMS.items()}
    made |= {file: _of(spec, title) for file, (spec, title) in _WHOLE.items()}
    return made


class _Written(GenerateJsonSchema):
    """Says what users write: a default such as 1.0 seconds is no text of a duration."""

    def default_schema(self, schema: Any) -> dict[str, Any]:
        made = super().default_schema(schema)
        if made.get("type") == "string" and not isinstance(made.get("default", ""), str):
            made.pop("default")
        return made


def _of(spec: Any, title: str) -> dict[str, Any]:
    made = TypeAdapter(spec).json_schema(schema_generator=_Written)
    made.pop("discriminator", None)
    for name, definition in made.get("$defs", {}).items():
        _add_accepted(name, definition)
    if isinstance(spec, type):
        _add_accepted(spec.__name__, made)
    return {"$schema": _DRAFT, **_tidy(made), "title": title}


def _by_name(spec: type[BaseModel], title: str) -> dict[str, Any]:
    inner = _of(spec, spec.__name__)
    inner.pop("$schema")
    defs = inner.pop("$defs", {})
    value: dict[str, Any] = {"$ref": f"#/$defs/{spec.__name__}"}
    if spec is ModelSpec:
        text = {"type": "string", "pattern": r"\S", "description": "Another entry's name, or provider/model."}
        value = {"anyOf": [text, value]}
    return {
        "$schema": _DRAFT,
        "title": title,
        "type": "object",
        "propertyNames": {"pattern": ITEM_NAME},
        "additionalProperties": value,
        "$defs": {**defs, spec.__name__: inner},
    }


def _add_accepted(name: str, definition: dict[str, Any]) -> None:
    """List what is accepted beside the spec's own fields: see `crewai_fields` and `spellings`."""
    for field in CREWAI_FIELDS.get(_KINDS.get(name, "crew"), {}).values() if name in _KINDS else ():
        if len(field.off) > 1:
            definition["properties"][field.name] = {
                "enum": list(field.off),
                "description": "Only switched off.",
            }
    if name not in _TAKES_OLDER:
        return
    properties = definition["properties"]
    both = []
    for old, new in SPELLINGS.items():
        if new in properties:
            properties[old] = {**_OLDER[old], "deprecated": True}
            both.append({"required": [old, new]})
    definition["not"] = {"anyOf": both}


def _tidy(made: Any) -> Any:
    """Leave out the titles that pydantic makes from field names: an editor would show them as help."""
    if isinstance(made, list):
        return [_tidy(item) for item in made]
    if not isinstance(made, dict):
        return made
    if "patternProperties" in made:
        made = {**made, "additionalProperties": False}
    # Numbers where users write text: a default of several seconds would read as a plain number.
    if "$ref" in made:
        made = {key: value for key, value in made.items() if key != "default"}
    return {
        key: {name: _tidy(value) for name, value in inner.items()}
        if key in ("properties", "$defs")
        else _tidy(inner)
        for key, inner in made.items()
        if not (key in ("title", "discriminator") and not isinstance(inner, list))
    }
