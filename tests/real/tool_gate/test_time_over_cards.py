"""A task that is held up by cards has its one timeout for all that it works before and after them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.real
MakeLetters = Callable[..., Any]

TIMEOUT = 4.0
THINKS = 1.5
"""Seconds in which the model thinks up each letter: no attempt comes near the timeout by itself."""


def test_however_many_cards_hold_a_task_up_it_works_no_longer_than_its_timeout(letters: MakeLetters) -> None:
    made = letters([])
    made.writes(*({"to": f"Elena {number}", "text": "Hello"} for number in range(5)), thinks=THINKS)

    cards = 0
    while (ended := made.taken_up(timeout=TIMEOUT)) is None:
        cards += 1
        assert cards < 5, "each attempt had the whole timeout to itself"
        time.sleep(1.0)  # a person takes her time
        made.answer("approve")

    assert (ended.outcome, ended.limit) == ("limit_reached", "task_timeout")
    [reached] = made.the("LimitReached")
    finished = made.the("StepFinished")
    assert cards >= 1
    assert TIMEOUT <= reached.used < TIMEOUT + 0.5
    assert all(attempt.seconds < TIMEOUT for attempt in finished)
    # What the report shows of the attempts is what the limit went by, and ending one takes a moment.
    assert sum(attempt.seconds for attempt in finished) == pytest.approx(reached.used, abs=1.5)
    assert len(made.sent()) <= cards
