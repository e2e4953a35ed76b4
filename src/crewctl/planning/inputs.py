"""Check given input values against what a crew declares, and turn words into typed values."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from crewctl.catalogue.catalogue import AnyCrew
from crewctl.catalogue.kinds import crew_file
from crewctl.catalogue.patterns import LONGEST_PATTERN, is_pattern, matches
from crewctl.catalogue.specs.crew_spec import InputSpec
from crewctl.diagnostics.nearest import did_you_mean, nearest
from crewctl.planning.findings import Findings, Where
from crewctl.planning.plan import PlannedInput

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


def inputs_schema(crew: AnyCrew) -> dict[str, PlannedInput]:
    """Return what the crew declares, as it goes into the plan."""
    return {name: _planned(spec or InputSpec()) for name, spec in crew.inputs.items()}


def checked_inputs(
    crew_name: str, crew: AnyCrew, given: Mapping[str, Value], findings: Findings
) -> dict[str, Value]:
    """Return every declared input with its value, typed; what does not fit goes to `findings`.

    Text given for a number or a truth value is read as one, as a command line gives only text.
    """
    file = crew_file(crew_name)
    for name in sorted(given.keys() - crew.inputs.keys()):
        _unknown(file, crew_name, crew, name, findings)
    values: dict[str, Value] = {}
    for name, spec in crew.inputs.items():
        declared = spec or InputSpec()
        value = given.get(name, declared.default)
        if value is None:
            _missing(file, crew_name, name, declared, findings)
            continue
        typed = _typed(value, declared)
        wrong = _wrong_type(value, declared) if typed is None else _wrong_value(typed, declared)
        if wrong:
            findings.add(Where(file, ("inputs", name)), "bad-input", f"input {name!r} {wrong}")
        elif typed is not None:
            values[name] = typed
    return values


def _planned(spec: InputSpec) -> PlannedInput:
    return PlannedInput(
        type=spec.type,
        required=spec.default is None,
        default=spec.default,
        choices=None if spec.choices is None else tuple(spec.choices),
        pattern=spec.pattern,
        max_length=spec.max_length,
        description=spec.description,
    )


def _unknown(file: str, crew_name: str, crew: AnyCrew, name: str, findings: Findings) -> None:
    takes = ", ".join(crew.inputs) or "no inputs"
    findings.add(
        Where(file, ("inputs",), key=True),
        "unknown-input",
        f"crew {crew_name!r} has no input {name!r}",
        label=did_you_mean(name, crew.inputs),
        help=f"crew {crew_name!r} takes: {takes}",
    )


def _missing(file: str, crew_name: str, name: str, spec: InputSpec, findings: Findings) -> None:
    example = f"{name}={spec.example}" if spec.example is not None else f"{name}=…"
    shown = f"'{example}'" if " " in example else example
    findings.add(
        Where(file, ("inputs", name), key=True),
        "missing-input",
        f"input {name!r} of crew {crew_name!r} has no value",
        label=spec.description,
        help=f"give it with: -i {shown}",
    )


def _typed(value: Value, spec: InputSpec) -> Value | None:
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


def _wrong_type(value: Value, spec: InputSpec) -> str:
    shown = repr(value)
    return f"takes {_TAKES[spec.type]}, not {shown if len(shown) <= LONGEST_SHOWN else 'so long a value'}"


def _wrong_value(value: Value, spec: InputSpec) -> str:
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
