"""One contract for every ledger: nothing is booked over a cap, in whatever order calls come and go."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crewctl.adapters.sql_ledger import SqlLedger
from crewctl.adapters.sqlite_database import SqliteDatabase
from crewctl.errors import StoreError
from crewctl.planning.plan import Price
from crewctl.running.port import Caps, Grant, Ledger, Refusal, Request, Wait
from crewctl.testing.memory_ledger import MemoryLedger

if TYPE_CHECKING:
    from conftest import Place, Places

PRICE = Price(input=3, output=15, source="test")
RUN = "run"
NUMBERS = itertools.count()


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def ledger(request: pytest.FixtureRequest, places: Places) -> Ledger:
    if request.param == "memory":
        return MemoryLedger()
    return SqlLedger(places(request.param).database())


def ask(
    prompt: int = 10, output: int = 20, *, blocked: tuple[int, ...] = (), price: Price | None = PRICE
) -> Request:
    return Request(
        step="s",
        agent="a",
        model="m",
        purpose="agent",
        prompt_tokens=prompt,
        output_tokens=output,
        price=price,
        blocked=blocked,
    )


def granted(answer: Grant | Refusal | Wait) -> Grant:
    assert isinstance(answer, Grant), answer
    return answer


def test_a_call_is_booked_at_its_worst_case_and_settled_at_what_it_used(ledger: Ledger) -> None:
    ledger.open(RUN, Caps(max_tokens=1_000))
    grant = granted(ledger.reserve(RUN, ask(10, 20)))
    assert (grant.turn, grant.output_cap, grant.reserved_tokens) == (1, 20, 30)
    assert grant.reserved_cost == 10 * 3 + 20 * 15
    held = ledger.totals(RUN)
    assert (held.turns, held.tokens, held.reserved_tokens, held.reserved_cost) == (1, 0, 30, 330)
    assert ledger.settle(RUN, grant.grant, 12, 100) == 0
    settled = ledger.totals(RUN)
    assert (settled.tokens, settled.cost, settled.reserved_tokens) == (12, 100, 0)


def test_usage_that_is_not_known_stays_at_the_worst_case(ledger: Ledger) -> None:
    ledger.open(RUN, Caps())
    grant = granted(ledger.reserve(RUN, ask(10, 20)))
    assert ledger.settle(RUN, grant.grant, None, None) == 0
    assert (ledger.totals(RUN).tokens, ledger.totals(RUN).cost) == (30, 330)


def test_a_call_without_a_price_leaves_the_cost_unknown_for_good(ledger: Ledger) -> None:
    ledger.open(RUN, Caps())
    first = granted(ledger.reserve(RUN, ask(price=None)))
    assert ledger.totals(RUN).cost is None
    ledger.settle(RUN, first.grant, 5, None)
    second = granted(ledger.reserve(RUN, ask()))
    ledger.settle(RUN, second.grant, 5, 5)
    assert ledger.totals(RUN).cost is None


def test_exactly_as_many_turns_as_allowed(ledger: Ledger) -> None:
    ledger.open(RUN, Caps(max_turns=2))
    for turn in (1, 2):
        assert granted(ledger.reserve(RUN, ask())).turn == turn
    refusal = ledger.reserve(RUN, ask())
    # Turns are never given back, so there is nothing to wait for.
    assert refusal == Refusal(limit="max_turns", allowed=2, used=2)


def test_a_refusal_is_for_good(ledger: Ledger) -> None:
    ledger.open(RUN, Caps(max_tokens=100))
    refusal = ledger.reserve(RUN, ask(prompt=200))
    assert refusal == Refusal(limit="max_tokens", allowed=100, used=0)
    assert ledger.reserve(RUN, ask(1, 1)) == refusal


def test_a_call_waits_for_others_before_its_answer_is_shortened(ledger: Ledger) -> None:
    ledger.open(RUN, Caps(max_tokens=100))
    first = granted(ledger.reserve(RUN, ask(10, 60)))
    assert isinstance(ledger.reserve(RUN, ask(10, 60)), Wait)
    ledger.settle(RUN, first.grant, 40, 0)
    assert granted(ledger.reserve(RUN, ask(10, 60))).output_cap == 50


def test_too_little_room_for_an_answer_is_a_refusal(ledger: Ledger) -> None:
    ledger.open(RUN, Caps(max_tokens=25))
    assert isinstance(ledger.reserve(RUN, ask(10, 60)), Refusal)


def test_a_small_answer_may_use_the_last_room(ledger: Ledger) -> None:
    ledger.open(RUN, Caps(max_tokens=12))
    assert granted(ledger.reserve(RUN, ask(10, 2))).output_cap == 2


def test_the_cost_shortens_and_refuses_too(ledger: Ledger) -> None:
    ledger.open(RUN, Caps(max_cost=30 + 17 * 15 + 7))
    assert granted(ledger.reserve(RUN, ask(10, 60))).output_cap == 17
    ledger.open("other", Caps(max_cost=30 + 3 * 15))
    refusal = ledger.reserve("other", ask(10, 60))
    assert isinstance(refusal, Refusal)
    assert (refusal.limit, refusal.allowed) == ("max_cost", 75)


def test_a_budget_refuses_what_has_no_price(ledger: Ledger) -> None:
    ledger.open(RUN, Caps(max_cost=10**15))
    refusal = ledger.reserve(RUN, ask(price=None))
    assert isinstance(refusal, Refusal)
    assert refusal.limit == "max_cost"


def test_a_call_inside_another_does_not_wait_for_it(ledger: Ledger) -> None:
    ledger.open(RUN, Caps(max_tokens=100))
    outer = granted(ledger.reserve(RUN, ask(10, 50)))
    assert granted(ledger.reserve(RUN, ask(10, 60, blocked=(outer.grant,)))).output_cap == 30


def test_two_that_wait_inside_calls_do_not_wait_for_each_other(ledger: Ledger) -> None:
    ledger.open(RUN, Caps(max_tokens=130))
    one = granted(ledger.reserve(RUN, ask(10, 40)))
    two = granted(ledger.reserve(RUN, ask(10, 40)))
    first = ledger.reserve(RUN, ask(10, 50, blocked=(one.grant,)))
    assert isinstance(first, Wait)
    # Now that `one` waits, nothing is left that could settle before an answer.
    assert granted(ledger.reserve(RUN, ask(10, 50, blocked=(two.grant,)))).output_cap == 20


def test_more_than_was_reserved_trips_a_limited_run(ledger: Ledger) -> None:
    ledger.open(RUN, Caps(max_tokens=1_000))
    grant = granted(ledger.reserve(RUN, ask(10, 20)))
    assert ledger.settle(RUN, grant.grant, 50, 0) == 20
    refusal = ledger.reserve(RUN, ask())
    assert refusal == Refusal(limit="max_tokens", allowed=1_000, used=50)


def test_more_than_was_reserved_is_only_counted_where_nothing_is_limited(ledger: Ledger) -> None:
    ledger.open(RUN, Caps(max_turns=9))
    grant = granted(ledger.reserve(RUN, ask(10, 20)))
    assert ledger.settle(RUN, grant.grant, 50, 0) == 20
    granted(ledger.reserve(RUN, ask()))


def test_settling_twice_changes_nothing(ledger: Ledger) -> None:
    ledger.open(RUN, Caps())
    grant = granted(ledger.reserve(RUN, ask()))
    ledger.settle(RUN, grant.grant, 5, 5)
    assert ledger.settle(RUN, grant.grant, 50, 50) == 0
    assert ledger.totals(RUN).tokens == 5


def test_opening_again_keeps_the_books(ledger: Ledger) -> None:
    ledger.open(RUN, Caps(max_turns=1))
    granted(ledger.reserve(RUN, ask()))
    ledger.open(RUN, Caps(max_turns=100))
    assert isinstance(ledger.reserve(RUN, ask()), Refusal)


def test_runs_have_books_of_their_own(ledger: Ledger) -> None:
    ledger.open("one", Caps(max_turns=1))
    ledger.open("two", Caps(max_turns=1))
    granted(ledger.reserve("one", ask()))
    granted(ledger.reserve("two", ask()))


def test_an_account_that_was_never_opened_is_an_error(ledger: Ledger) -> None:
    with pytest.raises(StoreError, match="no account"):
        ledger.reserve("nobody", ask())


CALLS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 60), st.floats(0, 1), st.booleans()), min_size=1, max_size=40
)


@given(calls=CALLS, turns=st.integers(1, 20), tokens=st.integers(1, 600), cost=st.integers(1, 6_000))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_used_and_reserved_never_pass_a_cap(
    ledger: Ledger, calls: list[tuple[int, int, float, bool]], turns: int, tokens: int, cost: int
) -> None:
    run = f"run-{next(NUMBERS)}"
    ledger.open(run, Caps(max_turns=turns, max_tokens=tokens, max_cost=cost))
    held: list[tuple[Grant, int]] = []
    grants = 0
    for prompt, output, used, settle_first in calls:
        if settle_first and held:
            grant, asked = held.pop(0)
            spent = int(used * grant.output_cap)
            ledger.settle(run, grant.grant, asked + spent, asked * 3 + spent * 15)
        answer = ledger.reserve(run, ask(prompt, output))
        if isinstance(answer, Grant):
            grants += 1
            held.append((answer, prompt))
        now = ledger.totals(run)
        assert now.tokens + now.reserved_tokens <= tokens
        assert (now.cost or 0) + now.reserved_cost <= cost
        assert now.turns == grants <= turns


def test_threads_never_book_over_a_cap(ledger: Ledger) -> None:
    ledger.open(RUN, Caps(max_turns=40, max_tokens=100_000))
    grants: list[int] = []

    def work(seed: int) -> None:
        while isinstance(answer := ledger.reserve(RUN, ask(10, 50)), Grant):
            grants.append(answer.turn)
            ledger.settle(RUN, answer.grant, (seed * 31 + answer.turn * 17) % 60, 1)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(grants) == list(range(1, 41))


WORKER = """
import os, sys, threading
from pathlib import Path
from crewctl.adapters.sql_ledger import SqlLedger
from crewctl.running.port import Caps, Grant, Request, Wait
from crewctl.wiring.database import open_database
ledger = SqlLedger(open_database(Path(sys.argv[1]), os.environ))
ledger.open("run", Caps(max_turns=60, max_tokens=4_000))
turns = []
def work():
    while True:
        answer = ledger.reserve("run", Request(step="s", agent="a", model="m", purpose="agent",
                                prompt_tokens=10, output_tokens=40, price=None))
        if isinstance(answer, Wait):
            continue
        if not isinstance(answer, Grant):
            break
        turns.append(answer.turn)
        ledger.settle("run", answer.grant, 20, None)
threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(*turns)
"""


def test_processes_and_their_threads_share_one_account_to_the_last_turn(place: Place) -> None:
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(place.root)],
            env=place.environ,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    turns = [int(word) for worker in workers for word in worker.communicate(timeout=120)[0].split()]

    assert sorted(turns) == list(range(1, 61))
    totals = SqlLedger(place.database()).totals(RUN)
    assert (totals.turns, totals.tokens, totals.reserved_tokens) == (60, 60 * 20, 0)


DYING = """
import os, sys
from pathlib import Path
from crewctl.adapters.sql_ledger import SqlLedger
from crewctl.running.port import Caps, Request
from crewctl.wiring.database import open_database
ledger = SqlLedger(open_database(Path(sys.argv[1]), os.environ))
ledger.open("run", Caps(max_tokens=100))
ledger.reserve("run", Request(step="s", agent="a", model="m", purpose="agent",
               prompt_tokens=10, output_tokens=50, price=None))
os.kill(os.getpid(), 9)
"""


def test_what_a_killed_process_reserved_counts_as_spent(place: Place) -> None:
    subprocess.run([sys.executable, "-c", DYING, str(place.root)], env=place.environ, check=False, timeout=60)
    ledger = SqlLedger(place.database())

    assert (ledger.totals(RUN).turns, ledger.totals(RUN).reserved_tokens) == (1, 60)
    assert ledger.settle_lost(RUN) == 1
    assert (ledger.totals(RUN).tokens, ledger.totals(RUN).reserved_tokens) == (60, 0)


def test_a_file_that_is_no_database_is_a_store_error(tmp_path: Path) -> None:
    path = tmp_path / "crewctl.db"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreError):
        SqlLedger(SqliteDatabase(path)).open(RUN, Caps())
