"""Patterns of inputs, on an engine that takes linear time: no pattern and no value can make it hang."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

from pydantic import StringConstraints, TypeAdapter, ValidationError
from pydantic_core import SchemaError

LONGEST_PATTERN = 500
"""Characters that a pattern may have."""


def is_pattern(pattern: str) -> bool:
    """Tell whether `pattern` can be used; look-arounds and back-references cannot."""
    try:
        return len(pattern) <= LONGEST_PATTERN and _whole(pattern) is not None
    except SchemaError:
        return False


def matches(pattern: str, text: str) -> bool:
    """Tell whether all of `text` matches; SchemaError for what is no pattern."""
    try:
        _whole(pattern).validate_python(text)
    except ValidationError:
        return False
    return True


@lru_cache(maxsize=64)
def _whole(pattern: str) -> TypeAdapter[str]:
    constraints = StringConstraints(strict=True, pattern=rf"\A(?:{pattern})\z")
    return TypeAdapter(Annotated[str, constraints])
