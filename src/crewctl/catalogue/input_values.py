"""Whether a value is one that an input takes: its type, choices, length, letters and pattern."""

from __future__ import annotations

import re
import unicodedata

from crewctl.catalogue.patterns import LONGEST_PATTERN, is_pattern, matches
from crewctl.catalogue.specs.crew_spec import InputSpec
from crewctl.diagnostics.nearest import nearest

Value = str | int | float | bool

LONGEST_INPUT = 100_000
"""Characters that an input may have when its declaration names no `max_length`."""

LONGEST_SHOWN = 60
LARGEST = 10**18
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?([eE][+-]?[0-9]{1,2})?")
_WORDS = {"true": True, "yes": True, "false": False, "no": False}
_TAKES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}


def wrong_with(value: Value, spec: InputSpec) -> str:
    """Return what keeps `value` from being given for the input; nothing when all is well."""
    typed = typed_value(value, spec)
    return wrong_type(value, spec) if typed is None else wrong_value(typed, spec)


def typed_value(value: Value, spec: InputSpec) -> Value | None:
    """Return `value` as the declared type, or None when it is not one."""
    if spec.type == "string":
        return value if isinstance(value, str) else None
    if isinstance(value, str):
        return _read(value.strip(), spec.type)
    if spec.type == "boolean" or isinstance(value, bool):
        return value if spec.type == "boolean" and isinstance(value, bool) else None
    if spec.type == "integer" and not isinstance(value, int):
        return None
    # Comparing, unlike math.isfinite, takes whole numbers of any size; it is false for nan.
    return value if -LARGEST < value < LARGEST else None


def _read(text: str, type_: str) -> Value | None:
    if type_ == "boolean":
        return _WORDS.get(text.lower())
    if _INTEGER.fullmatch(text):
        return int(text)
    if type_ == "number" and _NUMBER.fullmatch(text):
        return float(text)
    return None


def wrong_type(value: Value, spec: InputSpec) -> str:
    """Return what is wrong with a value of another type."""
    shown = repr(value)
    return f"takes {_TAKES[spec.type]}, not {shown if len(shown) <= LONGEST_SHOWN else 'so long a value'}"


def wrong_value(value: Value, spec: InputSpec) -> str:
    """Return what is wrong with a value of the right type; nothing when all is well."""
    if spec.choices is not None and not any(_same(value, choice) for choice in spec.choices):
        return _not_a_choice(value, spec.choices)
    if not isinstance(value, str):
        return ""
    longest = spec.max_length or LONGEST_INPUT
    if len(value) > longest:
        return f"has {len(value)} characters, and at most {longest} are allowed"
    if hidden := _control_character(value):
        return f"holds the control character {hidden}: only text, tabs and line ends are allowed"
    return _wrong_pattern(value, spec.pattern) if spec.pattern is not None else ""


def _same(value: Value, choice: str | float) -> bool:
    # True equals 1 in Python, but not in a file.
    return value == choice and isinstance(value, bool) == isinstance(choice, bool)


def _not_a_choice(value: Value, choices: list[str | int | float]) -> str:
    words = [str(choice) for choice in choices]
    meant = nearest(str(value), words)
    hint = f"; did you mean {meant!r}?" if meant else ""
    return f"is one of {', '.join(words)}, not {value!r}{hint}"


def _control_character(text: str) -> str:
    for character in text.replace("\r\n", "\n"):
        if character not in "\n\t" and unicodedata.category(character) in {"Cc", "Cs"}:
            return f"U+{ord(character):04X}"
    return ""


def _wrong_pattern(value: str, pattern: str) -> str:
    if not is_pattern(pattern):
        shown = pattern if len(pattern) <= LONGEST_PATTERN else f"of more than {LONGEST_PATTERN} characters"
        return f"has a pattern that cannot be used: {shown}"
    return "" if matches(pattern, value) else f"does not match {pattern}"
