"""A price stands only where a model costs something."""

from __future__ import annotations

from collections.abc import Iterator

from crewctl.catalogue.draft import Draft
from crewctl.catalogue.model_names import SIMULATED, real_model
from crewctl.catalogue.specs.model_spec import PriceSpec
from crewctl.diagnostics.problem import Problem, Severity


def prices_needed(draft: Draft) -> Iterator[Problem]:
    """Yield a warning for every price of a model that is free by itself."""
    for name, spec in draft.catalogue.models.items():
        end = real_model(draft.catalogue.models, spec.model)
        if isinstance(spec.price, PriceSpec) and end in SIMULATED:
            yield Problem(
                draft.model(name, "price"),
                "price-without-effect",
                f"model '{name}' is {end}, which is free",
                "never charged",
                "take the price away",
                severity=Severity.WARNING,
            )
