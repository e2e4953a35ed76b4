"""Weigh words."""

from pydantic import BaseModel


class Scales(BaseModel):
    """Nothing that an agent could use."""


@tool("weigh")
def weigh(text: str) -> str:
    """Return what a text weighs."""
    return str(len(text))
