"""The meter: prices, sticky trips, settlements told, and no overshoot under threads."""

from __future__ import annotations

import threading
import time

from crewctl.planning.plan import EffectiveLimit, EffectiveLimits, Price
from crewctl.running.meter import Meter, caps_of
from crewctl.running.port import Caps, Grant, Refusal, Request, Wait
from crewctl.testing.memory_ledger import MemoryLedger

PRICE = Price(input=2, output=10, source="test")


def ask(prompt: int = 10, output: int = 20, price: Price | None = PRICE) -> Request:
    return Request(
        step="s",
        agent="a",
        model="m",
        purpose="agent",
        prompt_tokens=prompt,
        output_tokens=output,
        price=price,
    )


def meter(**caps: int) -> Meter:
    return Meter(MemoryLedger(), "run", Caps(**caps))


def granted(answer: Grant | Refusal | Wait) -> Grant:
    assert isinstance(answer, Grant)
    return answer


def test_a_settlement_costs_what_the_tokens_cost() -> None:
    metered = meter()
    grant = granted(metered.ask(ask()))
    settlement = metered.settle(grant.grant, 7, 3)
    assert (settlement.cost, settlement.over_reservation) == (7 * 2 + 3 * 10, 0)
    assert metered.totals().cost == 44


def test_usage_known_by_half_is_not_known() -> None:
    metered = meter()
    for usage in ((7, None), (None, 3), (None, None)):
        grant = granted(metered.ask(ask()))
        assert metered.settle(grant.grant, *usage).cost == grant.reserved_cost
    assert metered.totals().tokens == 3 * 30


def test_an_unknown_price_is_an_unknown_cost_and_never_nothing() -> None:
    metered = meter()
    grant = granted(metered.ask(ask(price=None)))
    assert metered.settle(grant.grant, 7, 3).cost is None
    assert metered.totals().cost is None


def test_a_refusal_sticks() -> None:
    metered = meter(max_turns=1)
    granted(metered.ask(ask()))
    refusal = metered.ask(ask())
    assert metered.tripped == refusal == metered.ask(ask(1, 1))


def test_a_burst_reservation_trips_at_the_settlement() -> None:
    metered = meter(max_tokens=1_000)
    grant = granted(metered.ask(ask(10, 20)))
    settlement = metered.settle(grant.grant, 10, 35)
    assert settlement.over_reservation == 15
    assert settlement.tripped == Refusal(limit="max_tokens", allowed=1_000, used=45)
    assert metered.ask(ask()) == settlement.tripped


def test_a_call_that_cost_more_than_was_reserved_trips_a_budget() -> None:
    metered = meter(max_cost=10_000)
    grant = granted(metered.ask(ask(20, 10)))
    # As many tokens as were reserved, but more of them of the dear kind.
    settlement = metered.settle(grant.grant, 5, 25)
    assert settlement.over_reservation == 0
    assert settlement.tripped is not None
    assert settlement.tripped.limit == "max_cost"


def test_listeners_hear_of_settlements() -> None:
    metered = meter(max_tokens=40)
    heard: list[str] = []
    listener = lambda: heard.append("settled")  # noqa: E731 - the same object is taken off again
    metered.listen(listener)
    grant = granted(metered.ask(ask()))
    assert isinstance(metered.ask(ask()), Wait)
    metered.settle(grant.grant, 1, 1)
    metered.forget(listener)
    metered.settle(granted(metered.ask(ask())).grant, 1, 1)
    assert heard == ["settled"]


def test_the_caps_are_the_plans_limits_but_for_the_timeout() -> None:
    limits = EffectiveLimits(
        max_turns=EffectiveLimit(value=7, source="x"),
        timeout=EffectiveLimit(value=60, source="x"),
        max_cost=EffectiveLimit(value=5e11, source="x"),
    )
    assert caps_of(limits) == Caps(max_turns=7, max_cost=500_000_000_000)


class Nesting:
    """Makes calls inside calls until a limit ends it."""

    def __init__(self, metered: Meter) -> None:
        self._metered = metered
        self._changed = threading.Event()
        metered.listen(self._changed.set)

    def wait_for(self, request: Request) -> Grant | Refusal:
        while isinstance(answer := self._metered.ask(request), Wait):
            self._changed.wait(0.01)
            self._changed.clear()
        return answer

    def work(self, seed: int) -> None:
        while isinstance(outer := self.wait_for(ask(20, 80)), Grant):
            inner = self.wait_for(ask(20, 80).model_copy(update={"blocked": (outer.grant,)}))
            for grant in (inner, outer):
                if isinstance(grant, Grant):
                    used = (seed * 31 + grant.turn * 17) % (grant.output_cap + 1)
                    self._metered.settle(grant.grant, 20, used)


def test_many_threads_with_nested_calls_end_without_overshoot() -> None:
    metered = meter(max_tokens=3_000)
    nesting = Nesting(metered)
    threads = [threading.Thread(target=nesting.work, args=(seed,), daemon=True) for seed in range(4)]
    until = time.monotonic() + 20
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    assert not any(thread.is_alive() for thread in threads), "nobody waits for ever"
    totals = metered.totals()
    assert totals.tokens <= 3_000
    assert totals.reserved_tokens == 0
