"""Arguments as one text, and back: what runs says the same, byte for byte, as what was decided on."""

from __future__ import annotations

import datetime as dt
import enum
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, create_model, field_validator

from crewctl.adapters.tool_arguments import LONGEST, arguments_from, arguments_text, is_misfit

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def run(to: str, text: str = "", **more: Any) -> None:
    """Stand for a tool's function."""


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_what_json_can_say_comes_back_as_it_was(arguments: dict[str, Any]) -> None:
    text = arguments_text(run, (), arguments)

    assert arguments_from(text, None) == arguments
    assert arguments_text(run, (), arguments_from(text, None)) == text


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), JSON))
def test_the_order_of_names_says_nothing(arguments: dict[str, Any]) -> None:
    turned = dict(reversed(arguments.items()))

    assert arguments_text(run, (), turned) == arguments_text(run, (), arguments)


def test_arguments_by_place_get_their_names() -> None:
    assert arguments_text(run, ("Ada", "Hi"), {"on": 1}) == '{"on":1,"text":"Hi","to":"Ada"}'


def test_arguments_that_have_no_name_cannot_be_put_to_anybody() -> None:
    def unnamed(*all_of_them: str) -> None: ...

    with pytest.raises(ValueError, match="no name of its own"):
        arguments_text(unnamed, ("Ada",), {})


@pytest.mark.parametrize("value", [object(), math.nan, math.inf, b"\xff\xfe", print])
def test_what_json_cannot_say_cannot_be_put_to_anybody(value: object) -> None:
    with pytest.raises(ValueError, match="cannot be written as JSON"):
        arguments_text(run, (), {"to": value})


def test_what_is_too_long_to_be_read_cannot_be_put_to_anybody() -> None:
    with pytest.raises(ValueError, match="characters"):
        arguments_text(run, (), {"to": "x" * LONGEST})


class Colour(enum.Enum):
    RED = "red"


class Inner(BaseModel):
    day: dt.date


class Shouting(BaseModel):
    to: str

    @field_validator("to")
    @classmethod
    def _louder(cls, to: str) -> str:
        return f"{to}!"


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (dt.date, dt.date(2026, 3, 2)),
        (dt.datetime, dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)),
        (dt.timedelta, dt.timedelta(hours=2)),
        (Path, Path("a/b")),
        (Colour, Colour.RED),
        (set[int], {1, 2}),
        (Inner, {"day": dt.date(2026, 3, 2)}),
        (list[Inner], [{"day": dt.date(2026, 3, 2)}]),
    ],
)
def test_types_that_json_has_not_are_made_again(annotation: Any, value: Any) -> None:
    schema = create_model("Schema", value=(annotation, ...))

    text = arguments_text(run, (), {"value": value})

    assert arguments_from(text, schema) == {"value": value}


def test_nothing_that_reads_otherwise_is_put_in_the_place_of_what_was_decided_on() -> None:
    """A validator that would change what was approved once more is not asked."""
    assert arguments_from('{"to":"Ada!"}', Shouting) == {"to": "Ada!"}
    schema = create_model("Schema", number=(int, ...), on=(dt.date, ...))
    given_ = '{"number":"5","on":"not a day"}'

    assert arguments_from(given_, schema) == json.loads(given_)


def test_what_is_no_object_is_no_arguments() -> None:
    with pytest.raises(ValueError, match="no JSON object"):
        arguments_from("[1]", None)


class Letter(BaseModel):
    to: str = Field(pattern="@")
    day: dt.date | None = None
    copies: int = Field(default=1, gt=0)


def error_of(call: Callable[[], object]) -> Exception:
    with pytest.raises(Exception) as raised:  # noqa: PT011 - any at all
        call()
    return raised.value


def caused() -> None:
    try:
        Letter(to="elena")
    except ValueError as error:
        raise OSError("the letter was not sent") from error


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        (run, {"text": "Hi"}),
        (lambda: Letter(to="elena"), {"to": "elena"}),
        (lambda: Letter(to="elena", copies=-1), {"to": "elena", "more": {"copies": -1}}),
        (lambda: Letter(to=dt.date(2026, 1, 2)), {"to": "2026-01-02"}),
        (caused, {"to": "elena"}),
    ],
)
def test_a_call_that_fails_of_its_arguments_is_a_misfit(
    call: Callable[[], object], arguments: dict[str, Any]
) -> None:
    assert is_misfit(error_of(call), run=run, text=json.dumps(arguments))


@pytest.mark.parametrize(
    "call",
    [
        lambda: Letter.model_validate({"to": "the service's own answer"}),
        lambda: Letter(to="elena", copies=-1),
        lambda: Letter(to=None),
        lambda: Letter(to=object()),
        Letter,
        lambda: 1 / 0,
        lambda: len(3),
    ],
)
def test_any_other_failure_is_the_tools(call: Callable[[], object]) -> None:
    text = json.dumps({"to": "elena", "text": "", "on": None})

    assert not is_misfit(error_of(call), run=run, text=text)
