"""List prices of models from genai-prices' bundled data, read only when a plan needs one."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_CEILING, Decimal
from importlib.metadata import version
from typing import Any

from crewctl.planning.plan import Price

PROVIDERS = {
    "aws": "aws",
    "azure_openai": "azure",
    "bedrock": "aws",
    "claude": "anthropic",
    "gemini": "google",
}
"""Prefixes of CrewAI that the list calls otherwise."""

PICO_PER_MILLIONTH = 10**6
"""A dollar per million tokens, in pico-dollars per token."""


def list_price(model: str, base_url: str | None) -> Price | None:
    """Return what ``provider/model`` costs per token at most, or None when that is not certain.

    An endpoint of one's own has prices of its own. A model that is also charged by the request
    cannot be bounded by tokens. Of several tiers the dearest counts, as a budget must hold.
    """
    provider, slash, name = model.partition("/")
    if base_url is not None or not slash:
        return None
    # The list takes a third of a second to import, and most plans need no list.
    from genai_prices.data_snapshot import get_snapshot  # noqa: PLC0415 - start-up cost, see above

    try:
        _, found = get_snapshot().find_provider_model(name, None, PROVIDERS.get(provider, provider), None)
    except LookupError:
        return None
    prices = found.get_prices(datetime.now(UTC))
    costs = [_dearest(prices.input_mtok), _dearest(prices.output_mtok)]
    if costs[0] is None or costs[1] is None or prices.requests_kcount:
        return None
    return Price(input=costs[0], output=costs[1], source=f"genai-prices {version('genai-prices')}")


def _dearest(price: Any) -> int | None:
    """Return pico-dollars per token of a price that is one sum or a base with tiers."""
    if price is None:
        return None
    sums = [price] if isinstance(price, Decimal) else [price.base, *(tier.price for tier in price.tiers)]
    return int((max(sums) * PICO_PER_MILLIONTH).to_integral_value(ROUND_CEILING))
