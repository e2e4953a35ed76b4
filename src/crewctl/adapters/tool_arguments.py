"""A tool call's arguments as the one text that is decided on, and back again to what the tool is given."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, to_jsonable_python

LONGEST = 4 * 1024 * 1024
"""Characters of the longest arguments that are put to anybody."""


def arguments_text(run: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    """Return the arguments by name as JSON in its one form: sorted keys, no spaces.

    ValueError says why there is no such text; then nobody can be asked, and nothing may be called.
    """
    text = _as_json(_by_name(run, args, kwargs))
    if len(text) > LONGEST:
        raise ValueError(
            f"its arguments have {len(text):,} characters, and {LONGEST:,} can be put to anybody"
        )
    return text


def arguments_from(text: str, schema: type[BaseModel] | None) -> dict[str, Any]:
    """Return the arguments that `text` says; ValueError where it is no JSON object.

    Types that JSON does not have, such as dates, are made again as `schema` names them, but only where
    the result says the same, byte for byte, as what was decided on.
    """
    plain = json.loads(text)
    if not isinstance(plain, dict):
        raise ValueError("the arguments are no JSON object")  # noqa: TRY004 - a matter of content
    typed = {name: _typed(value, name, schema) for name, value in plain.items()}
    try:
        return typed if _as_json(typed) == _as_json(plain) else plain
    except ValueError:
        return plain


def is_misfit(error: BaseException, *, run: Callable[..., Any], text: str) -> bool:
    """Tell whether a call of `run` failed of what `text` says, which is the model's mistake and not the tool's.

    So it is where `run` takes no such arguments, and where all that a ValidationError refuses was given in the
    call. What a service answered, say, was not.
    """
    if isinstance(error, (TypeError, ValidationError)) and not _binds(run, text):
        return True
    given = [*_telling(json.loads(text))]
    at_fault: BaseException | None = error
    while at_fault is not None and not isinstance(at_fault, ValidationError):
        at_fault = at_fault.__cause__
    refused = at_fault.errors(include_url=False, include_context=False) if at_fault is not None else []
    return bool(refused) and all(_is_among(each["input"], given) for each in refused)


def _binds(run: Callable[..., Any], text: str) -> bool:
    try:
        inspect.signature(run).bind(**json.loads(text))
    except (TypeError, ValueError):
        return False
    return True


def _telling(value: Any) -> Iterator[Any]:
    """Give all values in `value` that hardly come from elsewhere, too: nothing, true and false may."""
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _telling(each)
    if value is not None and not isinstance(value, bool) and value not in ("", [], {}):
        yield value


def _is_among(value: Any, given: Sequence[Any]) -> bool:
    try:
        plain = to_jsonable_python(value)
    except ValueError:  # an object that no argument can be
        return False
    return any(type(plain) is type(each) and plain == each for each in given)


def _by_name(run: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    if not args:
        return dict(kwargs)
    signature = inspect.signature(run)
    try:
        bound = signature.bind(*args, **kwargs).arguments
    except TypeError as error:
        raise ValueError(f"its arguments do not fit: {error}") from error
    named: dict[str, Any] = {}
    for name, value in bound.items():
        kind = signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_POSITIONAL or kind is inspect.Parameter.POSITIONAL_ONLY:
            raise ValueError(f"its argument {name!r} has no name of its own to be shown under")
        named.update(value if kind is inspect.Parameter.VAR_KEYWORD else {name: value})
    return named


def _as_json(arguments: Mapping[str, Any]) -> str:
    try:
        plain = to_jsonable_python(dict(arguments), inf_nan_mode="constants")
        return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except (PydanticSerializationError, ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"its arguments cannot be written as JSON: {error}") from error


def _typed(value: Any, name: str, schema: type[BaseModel] | None) -> Any:
    field = schema.model_fields.get(name) if schema is not None else None
    if field is None:
        return value
    adapter: TypeAdapter[Any] = TypeAdapter(field.annotation)
    try:
        # CrewAI gives a tool plain data where its schema has models: what they dump to.
        return adapter.dump_python(adapter.validate_python(value))
    except ValueError:
        return value
