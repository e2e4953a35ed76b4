"""Bound a run before it starts, and refuse a budget that cannot be reckoned."""

from __future__ import annotations

from collections.abc import Sequence

from crewctl.planning.findings import Findings, Where
from crewctl.planning.plan import EffectiveLimit, EffectiveLimits, PlannedMarket, PlannedModel, WorstCase


def worst_case_of(
    limits: EffectiveLimits, models: Sequence[PlannedModel], market: PlannedMarket | None
) -> WorstCase:
    """Return upper bounds of turns, tokens and cost (pico-dollars); None where nothing bounds them.

    Only limits bound: how often agents call models is theirs to decide, and so is the length of a
    prompt.
    """
    unpriced = tuple(model.name for model in models if model.price is None)
    tokens = _whole(limits.max_tokens)
    return WorstCase(
        turns=_whole(limits.max_turns),
        tokens=tokens,
        cost=None if unpriced else _cost(limits, models, tokens),
        unpriced_models=unpriced,
        judge_calls=_judge_calls(market),
    )


def refuse_unpriced(limits: EffectiveLimits, models: Sequence[PlannedModel], findings: Findings) -> None:
    """Refuse a budget over a model without a known price, and give the line to add."""
    if limits.max_cost is None:
        return
    file = limits.max_cost.source
    for model in models:
        if model.price is None:
            findings.add(
                Where(file, ("limits", "max_cost")),
                "no-price",
                f"max_cost cannot hold: the price of {model.model} (model {model.name!r}) is not known",
                help=_line_to_add(model, findings),
            )


def _cost(limits: EffectiveLimits, models: Sequence[PlannedModel], tokens: int | None) -> int | None:
    dearest = max(max(model.price.input, model.price.output) for model in models if model.price is not None)
    if dearest == 0:
        return 0
    by_tokens = None if tokens is None else tokens * dearest
    bounds = [bound for bound in (_whole(limits.max_cost), by_tokens) if bound is not None]
    return min(bounds, default=None)


def _judge_calls(market: PlannedMarket | None) -> int:
    """Every pair in both orders: N times N-1; an answer that cannot be read is asked for once more."""
    return 0 if market is None else len(market.contestants) * (len(market.contestants) - 1)


def _line_to_add(model: PlannedModel, findings: Findings) -> str:
    entry = findings.catalogue.models.get(model.name)
    price = "price: {input: 0.15 USD, output: 0.60 USD}"
    if entry is not None and entry.model_fields_set != {"model"}:
        return f"add to {model.name!r} in config/models.yaml, per million tokens: {price} (or price: free)"
    if entry is not None:
        return f"write in config/models.yaml, per million tokens: {model.name}: {{model: {entry.model}, {price}}}"
    return (
        f"name the model in config/models.yaml, per million tokens: priced: {{model: {model.model}, {price}}}"
    )


def _whole(limit: EffectiveLimit | None) -> int | None:
    return None if limit is None else int(limit.value)
