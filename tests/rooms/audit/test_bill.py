"""The bill adds up, and never makes an unknown price or usage look like nothing."""

from __future__ import annotations

from crewctl.audit.bill import Bill, fold_bill
from crewctl.testing.account_samples import Teller, sample_plan
from crewctl.testing.fake_store import FakeRunStore

COST = 27 * 10**7
RESERVED = 3 * 10**9


def _bill(store: FakeRunStore) -> Bill:
    return fold_bill(store.events_of("r1"))


def test_turns_are_summed_by_agent_by_model_and_in_all(store: FakeRunStore, teller: Teller) -> None:
    teller.begins(sample_plan()).starts("s", "writer")
    teller.turn("s", "writer").turn("s", "writer").turn("s", "judge", asked={"model": "large"}, cost=5)

    bill = _bill(store)

    assert [(line.agent, line.model, line.turns) for line in bill.lines] == [
        ("writer", "standard", 2),
        ("judge", "large", 1),
    ]
    assert bill.by_agent["writer"].cost == 2 * COST
    assert bill.by_model["large"].cost == 5
    assert (bill.total.turns, bill.total.tokens, bill.total.cost) == (3, 3600, 2 * COST + 5)
    assert (bill.total.prompt_tokens, bill.total.completion_tokens) == (3000, 600)


def test_an_unknown_price_makes_the_sum_unknown_but_keeps_what_is_known(
    store: FakeRunStore, teller: Teller
) -> None:
    teller.begins(sample_plan()).starts("s", "writer")
    teller.turn("s", "writer").turn("s", "writer", asked={"reserved_cost": None}, cost=None)

    bill = _bill(store)

    assert bill.total.cost is None
    assert bill.total.known_cost == COST
    assert bill.total.tokens == 2400


def test_a_call_that_never_came_back_counts_as_spent(store: FakeRunStore, teller: Teller) -> None:
    teller.begins(sample_plan()).starts("s", "writer").turn("s", "writer")
    teller.asks("s", "writer")

    total = _bill(store).total

    assert (total.unsettled, total.unsettled_tokens, total.unsettled_cost) == (1, 5000, RESERVED)
    assert (total.turns, total.tokens, total.cost) == (2, 6200, COST + RESERVED)


def test_usage_that_nobody_told_counts_at_the_reservation(store: FakeRunStore, teller: Teller) -> None:
    teller.begins(sample_plan()).starts("s", "writer")
    teller.turn("s", "writer", prompt_tokens=None, completion_tokens=None, cost=None, error="HTTP 500")

    total = _bill(store).total

    assert (total.unknown_usage, total.failed_turns, total.unsettled) == (1, 1, 0)
    assert (total.tokens, total.cost) == (5000, RESERVED)


def test_a_free_model_costs_nothing_and_that_is_known(store: FakeRunStore, teller: Teller) -> None:
    teller.begins(sample_plan()).starts("s", "writer")
    teller.turn("s", "writer", asked={"reserved_cost": 0}, cost=0, simulated=True)

    total = _bill(store).total

    assert (total.cost, total.simulated_turns) == (0, 1)


def test_an_unpriced_call_that_never_came_back_is_unknown(store: FakeRunStore, teller: Teller) -> None:
    teller.begins(sample_plan()).starts("s", "writer")
    teller.asks("s", "writer", reserved_cost=None)

    total = _bill(store).total

    assert total.cost is None
    assert total.unsettled_cost is None


def test_tokens_over_the_reservation_are_added_up(store: FakeRunStore, teller: Teller) -> None:
    teller.begins(sample_plan()).starts("s", "writer")
    teller.turn("s", "writer", over_reservation=7).turn("s", "writer", over_reservation=5)

    assert _bill(store).total.over_reservation == 12


def test_a_run_without_calls_has_spent_nothing(store: FakeRunStore, teller: Teller) -> None:
    teller.begins(sample_plan())

    assert _bill(store).total.cost == 0
    assert _bill(store).lines == ()
