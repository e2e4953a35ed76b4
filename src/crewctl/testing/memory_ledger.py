"""A ledger in memory, for tests: the same rule as the real one, over a dict."""

from __future__ import annotations

import itertools
import threading
from dataclasses import replace

from crewctl.errors import StoreError
from crewctl.running.booking import Account, Reservation, book, burst, overrun
from crewctl.running.port import Caps, Grant, Refusal, Request, Totals, Wait


class MemoryLedger:
    """Forgets everything when it goes; safe from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._accounts: dict[str, Account] = {}
        self._numbers = itertools.count(1)

    def open(self, run_id: str, caps: Caps) -> None:
        """Start the run's account; opening it again changes nothing."""
        with self._lock:
            self._accounts.setdefault(run_id, Account(caps=caps))

    def reserve(self, run_id: str, request: Request) -> Grant | Refusal | Wait:
        """Book the worst case. A refusal is final: the run is tripped."""
        with self._lock:
            account = self._marked(self._account(run_id), request.blocked, blocked=False)
            answer = book(account, request)
            if isinstance(answer, Wait):
                self._accounts[run_id] = self._marked(account, request.blocked, blocked=True)
                return answer
            if isinstance(answer, Refusal):
                self._accounts[run_id] = replace(account, tripped=account.tripped or answer)
                return answer
            grant = next(self._numbers)
            held = {**account.open, grant: Reservation(answer.tokens, answer.cost)}
            self._accounts[run_id] = replace(account, turns=account.turns + 1, open=held)
            return Grant(
                grant=grant,
                turn=account.turns + 1,
                output_cap=answer.output_cap,
                reserved_tokens=answer.tokens,
                reserved_cost=answer.cost,
            )

    def settle(self, run_id: str, grant: int, tokens: int | None, cost: int | None) -> int:
        """Replace a reservation by real usage (None keeps it whole); return tokens over it."""
        with self._lock:
            account = self._account(run_id)
            held = account.open.get(grant)
            if held is None:
                return 0
            spent = held.cost if tokens is None else cost
            account = replace(
                account,
                open={other: kept for other, kept in account.open.items() if other != grant},
                tokens=account.tokens + (held.tokens if tokens is None else tokens),
                cost=account.cost + (spent or 0),
                cost_known=account.cost_known and spent is not None,
            )
            over, burst_open = overrun(held, tokens, cost)
            if burst_open:
                account = replace(account, tripped=account.tripped or burst(account.caps, account.totals()))
            self._accounts[run_id] = account
            return over

    def settle_lost(self, run_id: str) -> int:
        """Spend every open reservation whole, and return how many there were."""
        with self._lock:
            lost = tuple(self._account(run_id).open)
        for grant in lost:
            self.settle(run_id, grant, None, None)
        return len(lost)

    def totals(self, run_id: str) -> Totals:
        """Return settled usage, and beside it what open calls hold."""
        with self._lock:
            return self._account(run_id).totals()

    def _account(self, run_id: str) -> Account:
        if run_id not in self._accounts:
            raise StoreError(f"the ledger has no account of run {run_id}")
        return self._accounts[run_id]

    @staticmethod
    def _marked(account: Account, grants: tuple[int, ...], *, blocked: bool) -> Account:
        held = {
            grant: replace(kept, blocked=blocked) if grant in grants else kept
            for grant, kept in account.open.items()
        }
        return replace(account, open=held)
