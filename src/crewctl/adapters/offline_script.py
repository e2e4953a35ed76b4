"""Read a scripted model's script, strictly: every mistake has its line and says what fits."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from crewctl.adapters.child_protocol import Purpose
from crewctl.catalogue.read_yaml import read_yaml
from crewctl.catalogue.specs.quantities import Duration
from crewctl.catalogue.yaml_source import Path, YamlSource
from crewctl.diagnostics.nearest import nearest
from crewctl.diagnostics.problem import Problem
from crewctl.errors import InvalidError

KINDS = ("answer", "json", "calls", "error")
"""What a turn may do; it does exactly one of them."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ForWhom(_Strict):
    """Which calls a turn is for; what is not named fits every call."""

    agent: str | None = None
    task: str | None = None
    purpose: Purpose | None = None


class ScriptedCall(_Strict):
    """One tool call, by the name that the model is offered."""

    tool: Annotated[str, Field(min_length=1)]
    arguments: dict[str, JsonValue] = {}


class ScriptedUsage(_Strict):
    """The tokens to report instead of an estimate."""

    prompt: Annotated[int, Field(ge=0)]
    completion: Annotated[int, Field(ge=0)]


class Turn(_Strict):
    """One answer. `for` names whom it is for; `times` how often it is given (0: for ever)."""

    answer: str | None = None
    data: JsonValue = Field(default=None, alias="json")
    calls: Annotated[list[ScriptedCall], Field(min_length=1)] | None = None
    error: int | str | None = None
    retry_after: Duration | None = None
    delay: Duration | None = None
    usage: ScriptedUsage | None = None
    whom: ForWhom = Field(default=ForWhom(), alias="for")
    times: Annotated[int, Field(ge=0)] = 1

    @model_validator(mode="after")
    def _does_one_thing(self) -> Turn:
        done = [kind for kind in KINDS if self._does(kind)]
        if len(done) != 1:
            given = f"has {' and '.join(done)}" if done else "has none of them"
            msg = f"a turn has exactly one of answer, json, calls and error; this one {given}"
            raise ValueError(msg)
        if isinstance(self.error, int) and not 400 <= self.error <= 599:  # noqa: PLR2004 - HTTP's errors
            msg = f"an error is a status from 400 to 599, timeout, connection or a message, not {self.error}"
            raise ValueError(msg)
        if self.retry_after is not None and not isinstance(self.error, int):
            msg = "retry_after belongs to an error with a status"
            raise ValueError(msg)
        return self

    def _does(self, kind: str) -> bool:
        return getattr(self, "data" if kind == "json" else kind) is not None


class Script(_Strict):
    """The turns, in order."""

    turns: Annotated[list[Turn], Field(min_length=1)]


def parse_script(text: str, file: str = "script") -> Script:
    """Return the script that `text` holds; InvalidError names the first mistake with its place."""
    reading = read_yaml(file, text.encode("utf-8", "replace"))
    if reading.problems:
        raise _invalid(reading.problems[0])
    try:
        return Script.model_validate(_with_turns(reading.source.data))
    except ValidationError as error:
        raise _invalid(_problem(reading.source, error)) from None


def _with_turns(data: Any) -> Any:
    # A bare list of turns would do, but a key leaves room for more; say so rather than accept both.
    if isinstance(data, dict):
        return data
    raise InvalidError(
        "a script begins with the key 'turns'", help="write turns: and the list of turns below it"
    )


def _problem(source: YamlSource, error: ValidationError) -> Problem:
    first = error.errors(include_url=False)[0]
    path = _path(first["loc"], source.data)
    unknown = first["type"] == "extra_forbidden"
    message = first["msg"].removeprefix("Value error, ")
    hint = ""
    if unknown:
        message = f"unknown key '{path[-1]}'"
        near = nearest(str(path[-1]), _keys(path))
        hint = f"did you mean '{near}'?" if near else f"there are: {', '.join(_keys(path))}"
    elif first["type"] == "missing":
        message = f"'{first['loc'][-1]}' is missing"
    return Problem(source.place(path, key=unknown), "bad-script", message, hint)


def _path(location: tuple[int | str, ...], data: Any) -> Path:
    """Return the part of pydantic's location that is really in the file: unions add names of their own."""
    path: list[str | int] = []
    for part in location:
        inside = isinstance(data, dict) and part in data
        if not inside and not (isinstance(data, list) and isinstance(part, int) and part < len(data)):
            break
        path.append(part)
        data = data[part]
    return tuple(path) or location[:1]


def _keys(path: Path) -> list[str]:
    if len(path) == 1:
        return ["turns"]
    holder = next((part for part in reversed(path[:-1]) if isinstance(part, str)), "")
    models: dict[str, type[_Strict]] = {"for": ForWhom, "calls": ScriptedCall, "usage": ScriptedUsage}
    model = models.get(holder, Turn)
    return [field.alias or name for name, field in model.model_fields.items()]


def _invalid(problem: Problem) -> InvalidError:
    place = f"{problem.span.file}:{problem.span.line}:{problem.span.column}"
    hint = f" ({problem.label})" if problem.label else ""
    return InvalidError(
        f"{place}: {problem.message}{hint}",
        help="a turn is for an answer, json, calls or an error, and may have for, times, delay, retry_after and usage",
    )
