"""Bound a run before it starts, and refuse a budget that cannot be reckoned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crewctl.catalogue.kinds import AGENTS_FILE, MODELS_FILE
from crewctl.catalogue.model_names import chain
from crewctl.catalogue.specs.model_spec import ModelSpec
from crewctl.planning.findings import Findings, Where
from crewctl.planning.judge_calls import judge_calls
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
        judge_calls=0 if market is None else judge_calls(market),
    )


def refuse_unpriced(limits: EffectiveLimits, models: Sequence[PlannedModel], findings: Findings) -> None:
    """Refuse a budget over a model without a known price, and give the line to add."""
    if limits.max_cost is None:
        return
    where = Where(limits.max_cost.source, ("limits", "max_cost"))
    entries = findings.catalogue.models
    # Several names may lead to one entry: it is there that the price belongs, once.
    unpriced = {_last_entry(entries, model.name): model for model in models if model.price is None}
    for entry, model in unpriced.items():
        findings.add(
            where,
            "no-price",
            f"max_cost cannot hold: the price of {model.model} (model {entry!r}) is not known",
            help=_line_to_add(entry, entries.get(entry), model),
        )


def _cost(limits: EffectiveLimits, models: Sequence[PlannedModel], tokens: int | None) -> int | None:
    dearest = max(max(model.price.input, model.price.output) for model in models if model.price is not None)
    if dearest == 0:
        return 0
    by_tokens = None if tokens is None else tokens * dearest
    bounds = [bound for bound in (_whole(limits.max_cost), by_tokens) if bound is not None]
    return min(bounds, default=None)


def _last_entry(entries: Mapping[str, ModelSpec], name: str) -> str:
    return next((link for link, _ in reversed(list(chain(entries, name)))), name)


def _line_to_add(name: str, entry: ModelSpec | None, model: PlannedModel) -> str:
    price = "price: {input: 0.15 USD, output: 0.60 USD}"
    if entry is None and name != model.model:
        return f"add to the model that {AGENTS_FILE} describes, per million tokens: {price} (or price: free)"
    if entry is None:
        line = f"priced: {{model: {model.model}, {price}}}"
        return f"name the model in {MODELS_FILE}, with its price per million tokens: {line}"
    if entry.model_fields_set != {"model"}:
        return f"add to {name!r} in {MODELS_FILE}, per million tokens: {price} (or price: free)"
    return f"write in {MODELS_FILE}, with its price per million tokens: {name}: {{model: {entry.model}, {price}}}"


def _whole(limit: EffectiveLimit | None) -> int | None:
    return None if limit is None else int(limit.value)
