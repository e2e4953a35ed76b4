"""What is kept of an exchange: question and answer whole, but what an earlier question of the step said already.

A question is JSON. Conversations grow by repeating themselves, so lists in it (messages, tools) are
kept without the beginning that the question of an earlier exchange has too, and other parts that are
the same there are left out; `same` says which. Nothing is lost: `whole_question` puts it together.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

LARGEST = 24 * 2**20
"""Bytes of the longest exchange that is kept whole; of a longer one the digest stays, and that it was too long."""

_WORTH_IT = 64
"""Characters; a shorter part is repeated rather than pointed to."""

Json = dict[str, Any]


def shortened_question(question: Json, number: int, earlier: Json) -> tuple[Json, Json]:
    """Return the question without what `earlier`, the question of exchange `number`, says, and what that is."""
    lists: dict[str, int] = {}
    equal: list[str] = []
    rest: Json = {}
    for key, value in question.items():
        before = earlier.get(key)
        if isinstance(value, list) and isinstance(before, list):
            lists[key] = _in_common(value, before)
            rest[key] = value[lists[key] :]
        elif value == before and _is_worth_it(value):
            equal.append(key)
        else:
            rest[key] = value
    lists = {key: count for key, count in lists.items() if count}
    if not lists and not equal:
        return question, {}
    return rest, {"exchange": number, "keys": list(question), "lists": lists, "equal": equal}


def whole_question(exchange: Json, earlier: Callable[[int], Json]) -> Json:
    """Return the question as it was asked; `earlier` finds exchanges of the same attempt by their number."""
    chain = [exchange]
    while same := chain[-1].get("same"):
        chain.append(earlier(same["exchange"]))
    question: Json = chain.pop()["question"]
    for one in reversed(chain):
        question = _joined(one["question"], one["same"], question)
    return question


def bounded(exchange: Json) -> Json:
    """Return the exchange, or, where it is longer than may be sent and kept, that it was."""
    size = len(json.dumps(exchange, ensure_ascii=False).encode("utf-8", "replace"))
    if size <= LARGEST:
        return exchange
    kept = {key: value for key, value in exchange.items() if key not in {"question", "same", "answer"}}
    return kept | {"question": {}, "answer": {"left_out": size}}


def _joined(rest: Json, same: Mapping[str, Any], earlier: Json) -> Json:
    def part(key: str) -> Any:
        if key in same["equal"]:
            return earlier[key]
        return [*earlier[key][: same["lists"].get(key, 0)], *rest[key]] if key in same["lists"] else rest[key]

    return {key: part(key) for key in same["keys"]}


def _in_common(one: list[Any], other: list[Any]) -> int:
    count = 0
    for ours, theirs in zip(one, other, strict=False):
        if ours != theirs:
            break
        count += 1
    return count


def _is_worth_it(value: Any) -> bool:
    return isinstance(value, dict | list) or (isinstance(value, str) and len(value) > _WORTH_IT)
