"""What a tool is to those who call it, written down; and a stand-in that is the same to them and does nothing."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Literal

from crewai.tools import BaseTool
from crewai.utilities.pydantic_schema_utils import create_model_from_schema
from pydantic import BaseModel, ConfigDict

from crewctl.audit.exchange_content import Json
from crewctl.errors import EngineError
from crewctl.planning.plan import PlannedTool

_PLAIN = ("name", "description", "result_as_answer", "max_usage_count", "tool_failure_policy")


def described(tool: BaseTool, name: str) -> Json:
    """Describe the plan's tool `name` as CrewAI shows it to models, and by what it goes on after a call."""
    plain = {key: getattr(tool, key, None) for key in _PLAIN}
    return {
        "tool": name,
        **{key: value.value if isinstance(value, Enum) else value for key, value in plain.items()},
        "schema_name": tool.args_schema.__name__,
        "schema": tool.args_schema.model_json_schema(),
    }


_EXTRA: Mapping[Any, Literal["allow", "forbid"]] = {True: "allow", False: "forbid"}
"""What a schema says of arguments that it does not name; pydantic says nothing where it passes over them."""


class StandIns:
    """Makes stand-ins for the tools of a recorded step; none of their code is imported."""

    def __init__(self, descriptions: Sequence[Mapping[str, Any]]) -> None:
        self._known = {str(one.get("tool")): one for one in descriptions}

    def make(self, planned: PlannedTool) -> BaseTool:
        """Return a stand-in; EngineError where the recording does not say what the tool is."""
        found = self._known.get(planned.name)
        if found is None:
            raise EngineError(
                f"the recording does not say what the tool {planned.name!r} is",
                help="replay a run of this version of crewctl",
            )
        given = {key: found[key] for key in _PLAIN if found.get(key) is not None}
        return _StandIn(args_schema=_schema(found), **given)


class _StandIn(BaseTool):  # type: ignore[misc] # CrewAI's types are not followed
    """Its calls are answered from the recording before they get here."""

    def _run(self, **_: Any) -> str:
        raise EngineError(f"the tool {self.name!r} stands in for one that is not called in a replay")


class _Anything(BaseModel):
    model_config = ConfigDict(extra="allow")


def _schema(found: Mapping[str, Any]) -> type[BaseModel]:
    """Return a model that takes the same arguments and has, to the letter, the same schema."""
    schema, name = found["schema"], str(found["schema_name"])
    try:
        extra = ConfigDict(extra=_EXTRA.get(schema.get("additionalProperties"), "ignore"))
        made = create_model_from_schema(copy.deepcopy(schema), model_name=name, __config__=extra)
    except Exception:  # noqa: BLE001 - what CrewAI cannot build takes any arguments
        made = _Anything

    def model_json_schema(_: type[BaseModel], *_args: Any, **_more: Any) -> Any:
        return copy.deepcopy(schema)

    return type(name, (made,), {"model_json_schema": classmethod(model_json_schema), "__module__": __name__})
