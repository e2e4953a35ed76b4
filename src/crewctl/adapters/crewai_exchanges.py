"""Records every exchange of one child with models and tools, and answers from recordings of earlier ones."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

from crewctl.adapters.child_protocol import Departed, Exchanged, Replayed
from crewctl.adapters.crewai_wire import Wire
from crewctl.adapters.exchange_player import Asked, Departure, Player
from crewctl.adapters.exchange_recording import RecordedAnswer, Recording, Via
from crewctl.audit.events_recorded import ExchangeKind
from crewctl.audit.exchange_content import Json, bounded, shortened_question
from crewctl.audit.exchange_digest import tool_digest

INSIDE: ContextVar[int | None] = ContextVar("crewctl_inside", default=None)
"""The number of the tool call that is being made in this context, if any."""


class Exchanges:
    """The exchanges of one child; safe from every thread."""

    def __init__(self, wire: Wire, recordings: Sequence[Recording] = ()) -> None:
        self.wire = wire
        self._players = [Player(recording) for recording in recordings]
        self._numbers = itertools.count(1)
        self._earlier: dict[tuple[str, str, str], tuple[int, Json]] = {}
        self._lock = threading.Lock()

    def asking(
        self, what: ExchangeKind, via: Via, sha256: str, agent: str, *, model: str = "", talk: str = ""
    ) -> Asked:
        """Give a question that is about to be asked its number."""
        return Asked(next(self._numbers), what, via, sha256, agent, model, talk, INSIDE.get())

    def may_be_free(self, what: ExchangeKind, model: str = "") -> bool:
        """Say whether a recording may answer such a question without a turn."""
        return any(player.free and player.is_for(what, model) for player in self._players)

    def may_answer(self, what: ExchangeKind, model: str = "") -> bool:
        """Say whether there is a recording for such a question."""
        return any(player.is_for(what, model) for player in self._players)

    def awaits(self, model: str, via: Via) -> bool:
        """Say whether recorded answers for `model` that were had in this way are left."""
        return any(player.awaits(model, via) for player in self._players)

    def answer_to(self, asked: Asked, question: Json, *, effect: bool = False) -> Json | None:
        """Return the recorded answer and tell the parent of it; None where it has to be asked for.

        Where nothing may be asked for that is not recorded this never returns, and the parent ends the child.
        On a call with an `effect` the parent decides, who knows what it came to; only a strict recording comes first.
        """
        found: tuple[Player, RecordedAnswer] | None = None
        with self._lock:
            for player in self._players:
                if not player.is_for(asked.what, asked.model):
                    continue
                taken = player.take(asked)
                if effect and not player.strict:
                    continue
                if isinstance(taken, RecordedAnswer):
                    found = found or (player, taken)
                elif isinstance(taken, Departure) and found is None:
                    self._departed(asked, player, taken, question)
        if found is None:
            return None
        player, answer = found
        self.wire.event(
            Replayed(
                number=asked.number,
                what=asked.what,
                of_run=player.of_run,
                of_attempt=answer.attempt,
                of_number=answer.number,
            )
        )
        return answer.answer

    def record(self, asked: Asked, question: Json, answer: Json) -> None:
        """Send the exchange to the parent, who keeps it."""
        key = (asked.via, asked.model, asked.agent)
        with self._lock:
            rest, same = question, dict[str, Any]()
            if asked.what == "model":
                rest, same = shortened_question(question, *self._earlier.get(key, (0, {})))
            exchange = bounded(_exchange(asked, rest, answer) | ({"same": same} if same else {}))
            if "left_out" not in exchange["answer"]:
                self._earlier[key] = (asked.number, question)
            self.wire.event(
                Exchanged(number=asked.number, what=asked.what, asked_sha256=asked.sha256, exchange=exchange)
            )

    def describe(self, tools: list[Json]) -> None:
        """Send what the step's tools are, so that stand-ins can take their places."""
        told: Json = {"via": "tool", "agent": "", "question": {}, "answer": {"tools": tools}}
        digest = tool_digest("", json.dumps(tools, sort_keys=True, default=str))
        plain = json.loads(json.dumps(told, default=str))
        self.wire.event(Exchanged(number=0, what="tools", asked_sha256=digest, exchange=bounded(plain)))

    def _departed(self, asked: Asked, player: Player, departure: Departure, question: Json) -> None:
        expected = departure.expected
        self.wire.event(
            Departed(
                number=asked.number,
                what=asked.what,
                asked_sha256=asked.sha256,
                recorded_sha256=expected.asked_sha256 if expected else "",
                of_run=player.of_run,
                of_attempt=expected.attempt if expected else 0,
                of_number=expected.number if expected else 0,
                final=player.strict,
                cut_off=player.cut_off and expected is None,
                asked=bounded(_exchange(asked, question, {})),
            )
        )
        if player.strict:
            threading.Event().wait()  # like a refusal: CrewAI would make something of an exception


def _exchange(asked: Asked, question: Json, answer: Json) -> Json:
    told: dict[str, Any] = {"via": asked.via, "agent": asked.agent}
    told |= {"model": asked.model, "talk": asked.talk} if asked.what == "model" else {}
    told |= {} if asked.inside is None else {"inside": asked.inside}
    return {**told, "question": question, "answer": answer}
