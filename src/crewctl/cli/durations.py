"""The command line's type for durations with a unit, such as ``90s`` or ``30d``."""

from __future__ import annotations

from typing import Any

import click


class DurationType(click.ParamType[float]):
    """Reads a duration as seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return seconds, or say what fits."""
        if isinstance(value, float):
            return value
        from crewctl.catalogue.specs.quantities import parse_duration  # noqa: PLC0415 - start-up cost

        try:
            return parse_duration(value)
        except ValueError as error:
            self.fail(f"{error}; '{value}' is not", param, ctx)


DURATION = DurationType()
