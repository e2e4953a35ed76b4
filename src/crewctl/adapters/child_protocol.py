"""What the parent and a child say to each other: one JSON object a line, over a socket and a pipe."""

from __future__ import annotations

import json
import time
from typing import Annotated, Literal

from pydantic import Field, JsonValue, TypeAdapter

from crewctl.adapters.exchange_recording import Recording
from crewctl.audit.events_recorded import ExchangeKind
from crewctl.catalogue.specs.script_spec import Purpose
from crewctl.running.port import ModelCall, TaskWork, Value

MAX_LINE = 32 * 1024 * 1024
"""Bytes of the longest line either side accepts; a longer one breaks the conversation."""

MAX_OUTPUT = 4 * 1024 * 1024
"""Bytes of UTF-8 of the longest output a step may come to; a longer one fails the step."""

Tokens = Annotated[int, Field(ge=0, le=10**12)]
Seconds = Annotated[float, Field(ge=0, le=10**9, allow_inf_nan=False)]
Name = Annotated[str, Field(max_length=1_000)]


class Said(Value):
    """A frozen message. `at` is the sender's monotonic clock: the parent merges both pipes by it."""

    at: float = 0.0


class ChildRequest(Value):
    """What one child has to do. Secrets are not in it: they are in the child's environment by then.

    `plan` is the plan's canonical JSON, whose digests the child computes again and compares.
    `recordings` answer instead of models and tools, the first before the next. With `tools`, which describe
    them, stand-ins take the place of the plan's: their code is not even imported.
    """

    run_id: str
    plan: str
    crew_digest: str
    inputs_digest: str
    work: TaskWork | ModelCall
    rehearsal: bool = False
    recordings: tuple[Recording, ...] = ()
    tools: tuple[dict[str, JsonValue], ...] | None = None


class ForkOrder(Value):
    """What the zygote's side needs to make a child; it travels in a memory file, read by the child alone."""

    request: ChildRequest
    folder: str
    secrets: dict[str, str] = Field(default={}, repr=False)


class Ask(Said):
    """Leave for one model call. `model` is its name in the plan; `prompt_tokens` an upper bound.

    `blocked` are the asker's open grants, which cannot settle before this one is answered.
    `prompt` holds the messages that are new since this agent's last ask, or null.
    """

    op: Literal["ask"] = "ask"
    id: int
    agent: Name
    model: Name
    purpose: Purpose
    prompt_tokens: Tokens
    output_tokens: Tokens
    blocked: tuple[int, ...] = ()
    prompt: JsonValue = None


class Settle(Said):
    """A granted call came back; usage that is not known is null and stays at the reservation.

    Of a failed call `status` is the HTTP status that came back, and `unreached` says that none did: the
    connection failed, broke off or took too long.
    """

    op: Literal["settle"] = "settle"
    grant: int
    prompt_tokens: Tokens | None
    completion_tokens: Tokens | None
    seconds: Seconds
    simulated: bool = False
    error: str = ""
    response: str | None = None
    status: Annotated[int, Field(ge=100, le=599)] | None = None
    unreached: bool = False


class ToolAsk(Said):
    """Leave to call a tool with exactly these arguments: the JSON text of an object, in its one form.

    `call` counts within the child, together with those of `ToolStarted`.
    """

    op: Literal["tool_ask"] = "tool_ask"
    id: int
    call: int
    agent: Name
    tool: Name
    arguments: str


class Granted(Value):
    """The parent's answer to an Ask. A refusal is no answer, ever."""

    op: Literal["granted"] = "granted"
    id: int
    grant: int
    output_cap: int


class ToolGranted(Value):
    """The parent's answer to a ToolAsk: call the tool with what these `arguments` say, and nothing else.

    `key` is the same for every attempt at this very call; empty where there is none.
    """

    op: Literal["tool_granted"] = "tool_granted"
    id: int
    arguments: str
    key: str = ""


class ToolRefused(Value):
    """The parent's answer to a ToolAsk: do not call the tool, and return `said` in place of a result.

    `known` says that it is what the very same call came to before.
    """

    op: Literal["tool_refused"] = "tool_refused"
    id: int
    said: str
    known: bool = False


class Ready(Said):
    """The child is set up and begins its work; the run's clock starts with the first of these."""

    ev: Literal["ready"] = "ready"


class ToolStarted(Said):
    """A tool is about to run; `call` counts within the child."""

    ev: Literal["tool_started"] = "tool_started"
    call: int
    agent: Name
    tool: Name
    arguments: str


class ToolFinished(Said):
    """A tool came back (`result`) or failed (`error`); a `misfit` failed of the arguments that it was given."""

    ev: Literal["tool_finished"] = "tool_finished"
    call: int
    seconds: Seconds
    result: str | None = None
    error: str = ""
    misfit: bool = False


class Delegated(Said):
    """An agent handed work or a question to a coworker."""

    ev: Literal["delegated"] = "delegated"
    by: Name
    to: Name
    asks: Literal["work", "question"]


class Retry(Said):
    """A call failed for a passing reason and is made again after `delay` seconds, as a new turn."""

    ev: Literal["retry"] = "retry"
    error: str
    delay: Seconds


class Exchanged(Said):
    """A model or tool was asked and answered, whole; `number` counts the questions of the child."""

    ev: Literal["exchanged"] = "exchanged"
    number: int
    what: ExchangeKind
    asked_sha256: Name
    exchange: JsonValue


class Replayed(Said):
    """A recorded answer was given to question `number`; it was recorded as number `of_number`."""

    ev: Literal["replayed"] = "replayed"
    number: int
    what: ExchangeKind
    of_run: Name
    of_attempt: int
    of_number: int


class Departed(Said):
    """Question `number` is not in the recording of `of_run`; `of_number` was recorded at its place, if any.

    After a `final` one the child waits for its end; `cut_off` says that the recorded step was ended here
    too. `asked` is the question.
    """

    ev: Literal["departed"] = "departed"
    number: int
    what: ExchangeKind
    asked_sha256: Name
    recorded_sha256: Name = ""
    of_run: Name
    of_attempt: int = 0
    of_number: int = 0
    final: bool = False
    cut_off: bool = False
    asked: JsonValue = None


class Result(Said):
    """What the work came to; the last line of a child that reaches its end."""

    ev: Literal["result"] = "result"
    ok: bool
    output: str = ""
    error: str = ""


ToolAnswer = ToolGranted | ToolRefused
Answer = Granted | ToolAnswer
RpcMessage = Annotated[Ask | Settle | ToolAsk, Field(discriminator="op")]
Told = Ready | ToolStarted | ToolFinished | Delegated | Retry | Exchanged | Replayed | Departed | Result
EventMessage = Annotated[Told, Field(discriminator="ev")]
RPC: TypeAdapter[Ask | Settle | ToolAsk] = TypeAdapter(RpcMessage)
ANSWERS: TypeAdapter[Answer] = TypeAdapter(Annotated[Answer, Field(discriminator="op")])
EVENTS: TypeAdapter[Told] = TypeAdapter(EventMessage)


def line(message: Said | Answer) -> bytes:
    """Return the message as one line, stamped with the time.

    Text of models and tools may hold lone surrogates, which are not UTF-8: they become ``?``.
    """
    said = message.model_dump(mode="python")
    if isinstance(message, Said):
        said["at"] = time.monotonic()
    return json.dumps(said, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
