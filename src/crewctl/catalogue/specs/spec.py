"""The ground rules that every spec obeys."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

NAME = r"^[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?$"
"""A name that is safe as a file's name on every system: no dots, no slashes, no leading dash."""

Name = Annotated[str, StringConstraints(pattern=NAME)]

ITEM_NAME = r"^[A-Za-z0-9_][A-Za-z0-9_-]{0,79}$"
"""An agent's or a task's name, as CrewAI's projects write them: also capitals and underscores."""

TEXT = "<text>"
MAPPING = "<mapping>"
LIST = "<list>"

Prose = Annotated[str, Field(pattern=r"\S")]
"""Text that says something: not empty, and not blank."""


class Spec(BaseModel):
    """Strict: an unknown key or a value of another type is a problem, never a guess."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def shape(value: object, other: str = MAPPING) -> str:
    """Tell text from `other`, so that a field which takes either reports on the one that was written.

    The tags begin with ``<``, by which `catalogue.validation` leaves them out of a value's path.
    """
    return TEXT if isinstance(value, str) else other
