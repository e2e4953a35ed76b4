"""What a child is given of earlier exchanges, so that it need not have them again."""

from __future__ import annotations

from typing import Literal

from pydantic import JsonValue

from crewctl.audit.events_recorded import ExchangeKind
from crewctl.running.port import Value

Via = Literal["http", "call", "tool"]
"""How an exchange was had: a request over HTTP, a call of a model without it, a call of a tool."""


class RecordedAnswer(Value):
    """A recorded answer, and the digest of its question. `number` and `attempt` say where it was recorded.

    `agent` is who asked, `model` the model's name in the plan, `talk` the conversation that the question
    is part of. `inside` is the number of the tool call during which a tool asked it.
    """

    number: int
    attempt: int
    what: ExchangeKind
    via: Via
    asked_sha256: str
    agent: str
    model: str = ""
    talk: str = ""
    inside: int | None = None
    answer: dict[str, JsonValue]


class Recording(Value):
    """Answers in the order in which they were asked for.

    `models` are the names of the models that it answers for, None for all; `tools` whether for tools.
    A `free` recording takes no turn. A `strict` one is all there is: what it does not know ends the step.
    `cut_off` says that the recorded step came to no output: after the last answer it was ended.
    """

    of_run: str
    answers: tuple[RecordedAnswer, ...]
    models: tuple[str, ...] | None = None
    tools: bool = True
    free: bool = True
    strict: bool = False
    cut_off: bool = False
