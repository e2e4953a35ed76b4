"""What a limits block says."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from crewctl.catalogue.specs.quantities import Duration, Money
from crewctl.catalogue.specs.spec import Spec


class LimitsSpec(Spec):
    """Ceilings; an absent one says nothing, and of several the narrowest wins."""

    max_turns: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    timeout: Duration | None = None
    max_tokens: Annotated[int, Field(ge=1, le=10**12)] | None = None
    max_cost: Money | None = None
