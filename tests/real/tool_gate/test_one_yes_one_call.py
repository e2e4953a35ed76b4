"""One yes lets one call through, whatever the tool is said to do, and however often the step begins anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.real
MakeLetters = Callable[..., Any]

ELENA = {"to": "Elena Rossi", "text": "Hello"}


def test_the_same_call_three_times_takes_three_yeses_where_nothing_is_changed_outside(
    letters: MakeLetters,
) -> None:
    made = letters([ELENA, ELENA, ELENA], tags=("writes_files",), effect=False)
    for number in range(3):
        assert (made.attempt().outcome, len(made.sent())) == ("waiting", number)
        made.answer("approve")

    done = made.attempt()

    assert (done.outcome, len(made.sent()), len(made.cards())) == ("done", 3, 3)
    cards = [started.card for started in made.the("ToolCallStarted")]
    assert cards == [card.card for card in made.cards()]
    assert len(made.server.calls) == 4


LATER = """
from crewai.tools import BaseTool

class send_letter(BaseTool):
    name: str = "send_letter"
    description: str = "Send a letter."

    def _run(self, to: str, text: str) -> str:
        async def later():
            with open("LEDGER", "a", encoding="utf-8") as ledger:
                ledger.write(f"sent {to}\\n")
            raise OSError("the line is dead")

        return later()
"""


@pytest.mark.parametrize("calls", ["ask", "allow"])
def test_a_call_has_not_come_back_before_the_coroutine_that_it_gave(letters: MakeLetters, calls: str) -> None:
    made = letters([ELENA], source=LATER, calls=calls)
    if calls == "ask":
        made.attempt()
        made.answer("approve")

    done = made.attempt()

    [finished] = made.the("ToolCallFinished")
    assert (finished.error, finished.result) == ("OSError: the line is dead", None)
    assert made.text(done).endswith("may have done a part of its work: OSError: the line is dead")
    assert len(made.sent()) == 1
