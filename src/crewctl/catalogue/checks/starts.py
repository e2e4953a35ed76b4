"""What holds for schedules and triggers alike: the crew may run, its inputs are given and fit, none stands twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from crewctl.catalogue.draft import Draft
from crewctl.catalogue.input_values import wrong_with
from crewctl.catalogue.kinds import entry_file
from crewctl.catalogue.run_values import asked_for
from crewctl.catalogue.specs.crew_spec import InputSpec
from crewctl.catalogue.specs.schedule_spec import Scalar
from crewctl.catalogue.yaml_source import Path
from crewctl.diagnostics.nearest import did_you_mean
from crewctl.diagnostics.problem import Problem, Related


def twice(draft: Draft, crew: str, path: Path, first: Path, what: str) -> Problem:
    """Return the problem of a start that stands in the entry a second time."""
    related = Related(draft.entry(crew, *first), "the first of them")
    said = f"the {what} of crew '{crew}' stands twice"
    return Problem(
        draft.entry(crew, *path), "start-twice", said, "the second", "give each a name of its own", (related,)
    )


def never_starts(draft: Draft, crew: str, path: Path, what: str) -> Iterator[Problem]:
    """Yield a problem when the crew is prohibited."""
    entry = draft.catalogue.entries[crew]
    if entry.risk_level == "prohibited":
        related = Related(draft.entry(crew, "risk_level"), "its risk level")
        said = f"crew '{crew}' is prohibited, so this {what} starts nothing"
        advice = "set enabled to false, or take it away" if what == "schedule" else "take it away"
        yield Problem(
            draft.entry(crew, *path, key=len(path) == 1),
            "never-starts",
            said,
            "runs for nobody",
            advice,
            (related,),
        )


def given_inputs(
    draft: Draft, crew: str, path: Path, given: Mapping[str, Scalar], *, mapped: bool = False
) -> Iterator[Problem]:
    """Yield a problem for every input that is unknown, unfit or missing; `mapped` ones hold placeholders."""
    spec = draft.catalogue.crews.get(crew)
    if spec is None:
        return
    for name, value in given.items():
        if name not in spec.inputs:
            yield _unknown(draft, crew, (*path, "inputs", name), list(spec.inputs))
        elif not (mapped and asked_for(value)) and (
            wrong := wrong_with(value, spec.inputs[name] or InputSpec())
        ):
            said = f"input '{name}' of crew '{crew}' {wrong}"
            place = draft.entry(crew, *path, "inputs", name)
            yield Problem(place, "bad-input", said, "does not fit", "write a value that the input takes")
    for name, declared in spec.inputs.items():
        if name not in given and (declared is None or declared.default is None):
            yield _missing(draft, crew, path, name)


def _unknown(draft: Draft, crew: str, path: Path, inputs: list[str]) -> Problem:
    name = path[-1]
    said = f"crew '{crew}' has no input '{name}'"
    takes = f"crew '{crew}' takes: {', '.join(inputs) or 'no inputs'}"
    label = did_you_mean(str(name), inputs) or "nothing asks for it"
    return Problem(draft.entry(crew, *path, key=True), "unknown-input", said, label, takes)


def _missing(draft: Draft, crew: str, path: Path, name: str) -> Problem:
    declared = Related(draft.crew(crew, "inputs", name, key=True), f"'{name}' is declared here")
    said = f"nothing gives the input '{name}' of crew '{crew}'"
    file = entry_file(crew)
    has_inputs = bool(_at(draft, file, (*path, "inputs")))
    place = draft.place(file, (*path, "inputs") if has_inputs else path, key=True)
    return Problem(
        place, "missing-input", said, f"'{name}' is missing here", f"write inputs: {{{name}: …}}", (declared,)
    )


def _at(draft: Draft, file: str, path: Path) -> object:
    value: object = draft.data(file)
    for part in path:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int):
            value = value[part]
    return value
