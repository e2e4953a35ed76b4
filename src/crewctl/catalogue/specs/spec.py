"""The ground rules that every spec obeys."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

NAME = r"^[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?$"
"""A name that is safe as a file's name on every system: no dots, no slashes, no leading dash."""

Name = Annotated[str, StringConstraints(pattern=NAME)]
Prose = Annotated[str, Field(min_length=1)]


class Spec(BaseModel):
    """Strict: an unknown key or a value of another type is a problem, never a guess."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
