"""What every value of the account is made of: frozen facts, and references to content."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Fact(BaseModel):
    """A frozen value of the account."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ContentRef(Fact):
    """Where content is kept; `id` is random, so that it gives nothing of the content away."""

    id: str
    size: int
