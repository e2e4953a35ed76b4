"""What registry/policy.yaml says about models: which endpoints they may be asked at."""

from __future__ import annotations

import re
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, WithJsonSchema, field_validator

from crewctl.catalogue.specs.spec import Spec

_PROVIDER = re.compile(r"[a-z][a-z0-9_]{0,39}")


def _endpoint(text: str) -> str:
    """Return the text if it is an address without anything secret in it, or a provider's name."""
    if _PROVIDER.fullmatch(text):
        return text
    try:
        parts = urlsplit(text)
        fits = parts.port != 0 and parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        fits = False
    if not fits or "@" in text or "?" in text or "#" in text or not text.isprintable() or " " in text:
        msg = "an endpoint is an address such as https://api.openai.com, or a provider such as openai"
        raise ValueError(msg)
    return text


Endpoint = Annotated[
    str,
    AfterValidator(_endpoint),
    WithJsonSchema({"type": "string", "pattern": r"^(https?://[^\s@?#]+|[a-z][a-z0-9_]{0,39})$"}),
]
"""An address and all below it, or the name of a provider, which means that provider's own address."""


class ModelRules(Spec):
    """What every model obeys. Without `endpoints` a model may be asked anywhere; an empty list leaves none."""

    endpoints: list[Endpoint] | None = None

    @field_validator("endpoints", mode="before")
    @classmethod
    def _is_said(cls, value: Any) -> Any:
        if value is None:
            # A list whose last entry was taken away must not turn into leave for everything.
            msg = "a list of endpoints belongs here, [] for none; without the key every endpoint is allowed"
            raise ValueError(msg)
        return value
