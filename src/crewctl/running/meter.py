"""The meter of a run: every model call of every child is booked here before it is made."""

from __future__ import annotations

import threading
from collections.abc import Callable

from crewctl.planning.plan import EffectiveLimits, Price
from crewctl.running.booking import burst
from crewctl.running.port import Caps, Grant, Ledger, Refusal, Request, Totals, Value, Wait


class Settlement(Value):
    """What a call came to: pico-dollars (None without a price), and tokens above its reservation.

    `tripped` is the limit that the run has reached because the usage was above the reservation.
    """

    cost: int | None
    over_reservation: int
    tripped: Refusal | None = None


class Meter:
    """Books the calls of one run in its ledger; safe from several threads, and never blocks.

    An answer of `Wait` means: ask again when something has settled. Listeners are told of
    settlements in this process; those of other processes are seen by asking now and then.
    """

    def __init__(self, ledger: Ledger, run_id: str, caps: Caps) -> None:
        self._ledger = ledger
        self._run_id = run_id
        self._caps = caps
        self._lock = threading.Lock()
        self._open: dict[int, tuple[Price | None, Grant]] = {}
        self._tripped: Refusal | None = None
        self._listeners: tuple[Callable[[], None], ...] = ()
        ledger.open(run_id, caps)

    @property
    def tripped(self) -> Refusal | None:
        """The refusal that ended the run's calls; once there, it stays."""
        return self._tripped

    def ask(self, request: Request) -> Grant | Refusal | Wait:
        """Book one call at its worst case, or say which limit does not allow it."""
        if self._tripped is not None:
            return self._tripped
        answer = self._ledger.reserve(self._run_id, request)
        if isinstance(answer, Grant):
            with self._lock:
                self._open[answer.grant] = (request.price, answer)
        elif isinstance(answer, Refusal):
            self._trip(answer)
        return answer

    def settle(self, grant: int, prompt_tokens: int | None, completion_tokens: int | None) -> Settlement:
        """Replace a grant's reservation by its real usage; usage that is not known stays at the worst case.

        Settling a grant a second time changes nothing.
        """
        with self._lock:
            price, granted = self._open.pop(grant, (None, None))
        if granted is None:
            return Settlement(cost=None, over_reservation=0)
        tokens, cost = _usage(price, prompt_tokens, completion_tokens)
        over = self._ledger.settle(self._run_id, grant, tokens, cost)
        dearer = cost is not None and granted.reserved_cost is not None and cost > granted.reserved_cost
        tripped = burst(self._caps, self.totals()) if over or dearer else None
        if tripped is not None:
            self._trip(tripped)
        self._tell()
        known = granted.reserved_cost if tokens is None else cost
        return Settlement(cost=known, over_reservation=over, tripped=tripped)

    def totals(self) -> Totals:
        """Return what the run has used so far."""
        return self._ledger.totals(self._run_id)

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each settlement; it must be quick."""
        with self._lock:
            self._listeners = (*self._listeners, listener)

    def forget(self, listener: Callable[[], None]) -> None:
        """Call `listener` no more."""
        with self._lock:
            self._listeners = tuple(kept for kept in self._listeners if kept != listener)

    def _trip(self, refusal: Refusal) -> None:
        with self._lock:
            self._tripped = self._tripped or refusal
        self._tell()

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()


def caps_of(limits: EffectiveLimits) -> Caps:
    """Return the limits that a ledger holds a run to; the timeout is not the ledger's."""
    return Caps(
        max_turns=int(limits.max_turns.value) if limits.max_turns else None,
        max_tokens=int(limits.max_tokens.value) if limits.max_tokens else None,
        max_cost=int(limits.max_cost.value) if limits.max_cost else None,
    )


def _usage(price: Price | None, prompt: int | None, completion: int | None) -> tuple[int | None, int | None]:
    if prompt is None or completion is None:
        return None, None
    cost = None if price is None else prompt * price.input + completion * price.output
    return prompt + completion, cost
