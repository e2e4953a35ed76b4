"""Reads a crew's inputs from the command line: ``-i name=value``, ``-i name=@file`` and ``--inputs JSON``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from crewctl.cli.complete import complete_inputs
from crewctl.diagnostics.strict_json import strict_json
from crewctl.errors import InvalidError, NotFoundError, UsageError

Inputs = dict[str, str | int | float | bool]
F = TypeVar("F", bound=Callable[..., Any])
LARGEST_FILE = 1_000_000
"""Bytes of an input file: an input is prose for a prompt, not a data set."""


def inputs_options(function: F) -> F:
    """Add the options by which a command takes inputs."""
    one = click.option(
        "-i",
        "--input",
        "single",
        multiple=True,
        metavar="NAME=VALUE",
        shell_complete=complete_inputs,
        help="One input; NAME=@FILE takes the text of a file. Can be repeated.",
    )
    many = click.option("--inputs", "whole", metavar="JSON", help="All inputs as one JSON object, or @FILE.")
    return one(many(function))


def read_inputs(single: Sequence[str], whole: str | None) -> Inputs:
    """Put all inputs together; UsageError for a malformed or doubly given one."""
    inputs = _object(whole) if whole is not None else {}
    seen: set[str] = set()
    for word in single:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise UsageError(f"'{word}' is not an input", help="write -i name=value, or -i name=@file")
        if name in seen or name in inputs:
            raise UsageError(f"the input '{name}' is given twice", help="give it once")
        seen.add(name)
        inputs[name] = _text_of(value[1:]) if value.startswith("@") else value
    return inputs


def _object(text: str) -> Inputs:
    source = _text_of(text[1:]) if text.startswith("@") else text
    try:
        data = strict_json(source)
    except ValueError as error:
        raise UsageError(
            f"--inputs cannot be read as JSON: {error}", help='write --inputs \'{"name": "value"}\''
        ) from None
    if not isinstance(data, dict):
        raise UsageError("--inputs is not a JSON object", help='write --inputs \'{"name": "value"}\'')
    for name, value in data.items():
        if not isinstance(value, (str, int, float, bool)):
            raise InvalidError(
                f"the input '{name}' is neither text, a number, true nor false",
                help="give one plain value for each input",
            )
    return data


def _text_of(name: str) -> str:
    path = Path(name)
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise InvalidError(
                f"the input file {name} is over {LARGEST_FILE:,} bytes", help="give a shorter one"
            )
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise NotFoundError(f"there is no input file {name}", help="look at the path after '@'") from None
    except UnicodeDecodeError:
        raise InvalidError(f"the input file {name} is not UTF-8 text", help="save it as UTF-8") from None
    except OSError as error:
        raise NotFoundError(f"the input file {name} cannot be read: {error.strerror}") from None
