"""Check given input values against what a crew declares, and turn words into typed values."""

from __future__ import annotations

from collections.abc import Mapping

from crewctl.catalogue.catalogue import AnyCrew
from crewctl.catalogue.input_values import Value, typed_value, wrong_type, wrong_value
from crewctl.catalogue.kinds import crew_file
from crewctl.catalogue.specs.crew_spec import InputSpec
from crewctl.diagnostics.nearest import did_you_mean
from crewctl.planning.findings import Findings, Where
from crewctl.planning.plan import PlannedInput

__all__ = ["Value", "checked_inputs", "inputs_schema"]


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
        typed = typed_value(value, declared)
        wrong = wrong_type(value, declared) if typed is None else wrong_value(typed, declared)
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
