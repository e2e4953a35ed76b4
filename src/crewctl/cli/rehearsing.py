"""Fills in what a rehearsal may make up: the inputs that were not given."""

from __future__ import annotations

from crewctl.catalogue.catalogue import Catalogue
from crewctl.cli.inputs import Inputs
from crewctl.cli.output import note


def with_examples(catalogue: Catalogue, crew: str, given: Inputs) -> Inputs:
    """Return the inputs with the crew's own examples for missing ones, and say which they are."""
    spec = catalogue.crews.get(crew)
    declared = spec.inputs if spec is not None else {}
    made_up = {
        name: one.example
        for name, one in declared.items()
        if one is not None and one.example is not None and one.default is None and name not in given
    }
    if made_up:
        told = ", ".join(f"{name}={value}" for name, value in made_up.items())
        note(f"Inputs taken from the crew's examples: {told}")
    return {**given, **made_up}
