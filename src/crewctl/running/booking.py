"""The rule by which a ledger books a model call: the worst case fits, waits, shrinks or is refused."""

from __future__ import annotations

from dataclasses import dataclass, field

from crewctl.audit.events import LimitName
from crewctl.running.port import Caps, Refusal, Request, Totals, Wait

SMALLEST_OUTPUT = 16
"""Tokens below which an answer is not worth a call: a cap shrunk under this is a refusal."""


@dataclass(frozen=True)
class Reservation:
    """An open call at its worst case; `blocked` when it waits for an ask that is itself waiting."""

    tokens: int
    cost: int | None
    blocked: bool = False


@dataclass(frozen=True)
class Account:
    """A run's books as a ledger holds them; `cost` is None once an unpriced call was settled."""

    caps: Caps
    turns: int = 0
    tokens: int = 0
    cost: int = 0
    cost_known: bool = True
    tripped: Refusal | None = None
    open: dict[int, Reservation] = field(default_factory=dict)

    @property
    def reserved_tokens(self) -> int:
        """Tokens held by open calls."""
        return sum(held.tokens for held in self.open.values())

    @property
    def reserved_cost(self) -> int:
        """Pico-dollars held by open calls; a call without a price holds none."""
        return sum(held.cost or 0 for held in self.open.values())

    def totals(self) -> Totals:
        """Return settled usage, and beside it what open calls hold."""
        unpriced = not self.cost_known or any(held.cost is None for held in self.open.values())
        return Totals(
            turns=self.turns,
            tokens=self.tokens,
            cost=None if unpriced else self.cost,
            reserved_tokens=self.reserved_tokens,
            reserved_cost=self.reserved_cost,
        )


@dataclass(frozen=True)
class Booking:
    """What to write down for a granted call."""

    output_cap: int
    tokens: int
    cost: int | None


def book(account: Account, request: Request) -> Booking | Refusal | Wait:
    """Decide about one call. A call that others' settlements could make room for waits for them.

    Calls that are `blocked`, the asker's own and those of other waiting askers, settle only after
    an ask has been answered, so waiting for them would wait for ever: then the output cap
    shrinks to what is left, and when nothing useful is left the limit has been reached.
    """
    refusal = _outright(account, request)
    if refusal is not None:
        return refusal
    room = _room(account, request)
    if room >= request.output_tokens:
        return _booking(request, request.output_tokens)
    if any(not held.blocked for grant, held in account.open.items() if grant not in request.blocked):
        return Wait()
    if room >= min(SMALLEST_OUTPUT, request.output_tokens):
        return _booking(request, room)
    return _refusal(account, request)


def overrun(reserved: Reservation, tokens: int | None, cost: int | None) -> tuple[int, bool]:
    """Return the tokens above the reservation, and whether the usage burst it in tokens or in cost."""
    over = max(0, tokens - reserved.tokens) if tokens is not None else 0
    dearer = cost is not None and reserved.cost is not None and cost > reserved.cost
    return over, over > 0 or dearer


def burst(caps: Caps, totals: Totals) -> Refusal | None:
    """Return the limit that a call above its reservation trips; None where only turns are limited."""
    spent = (totals.cost or 0) + totals.reserved_cost
    used = totals.tokens + totals.reserved_tokens
    if caps.max_cost is not None and (caps.max_tokens is None or spent > caps.max_cost):
        return Refusal(limit="max_cost", allowed=caps.max_cost, used=spent)
    if caps.max_tokens is not None:
        return Refusal(limit="max_tokens", allowed=caps.max_tokens, used=used)
    return None


def _outright(account: Account, request: Request) -> Refusal | None:
    """Return the refusal that no settlement can change."""
    if account.tripped is not None:
        return account.tripped
    caps = account.caps
    if caps.max_turns is not None and account.turns >= caps.max_turns:
        return Refusal(limit="max_turns", allowed=caps.max_turns, used=account.turns)
    if caps.max_cost is not None and request.price is None:
        # What has no price cannot be held to a budget.
        return Refusal(limit="max_cost", allowed=caps.max_cost, used=account.cost + account.reserved_cost)
    return None


def _room(account: Account, request: Request) -> int:
    """Return the output tokens that still fit under every cap; negative when the prompt alone does not."""
    rooms = [request.output_tokens]
    if account.caps.max_tokens is not None:
        rooms.append(_free_tokens(account, account.caps.max_tokens) - request.prompt_tokens)
    if account.caps.max_cost is not None and request.price is not None:
        left = account.caps.max_cost - account.cost - account.reserved_cost
        left -= request.prompt_tokens * request.price.input
        if left < 0:
            rooms.append(-1)
        elif request.price.output:
            rooms.append(left // request.price.output)
    return min(rooms)


def _free_tokens(account: Account, allowed: int) -> int:
    return allowed - account.tokens - account.reserved_tokens


def _booking(request: Request, output_cap: int) -> Booking:
    price = request.price
    cost = None
    if price is not None:
        cost = request.prompt_tokens * price.input + output_cap * price.output
    return Booking(output_cap=output_cap, tokens=request.prompt_tokens + output_cap, cost=cost)


def _refusal(account: Account, request: Request) -> Refusal:
    """Name the limit that leaves less room."""
    allowed = account.caps.max_tokens
    limit: LimitName = "max_cost"
    if allowed is not None:
        least = min(SMALLEST_OUTPUT, request.output_tokens)
        if _free_tokens(account, allowed) - request.prompt_tokens < least:
            limit = "max_tokens"
    if limit == "max_tokens" and allowed is not None:
        return Refusal(limit=limit, allowed=allowed, used=account.tokens + account.reserved_tokens)
    cap = account.caps.max_cost or 0
    return Refusal(limit="max_cost", allowed=cap, used=account.cost + account.reserved_cost)
