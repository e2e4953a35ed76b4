"""Takes each model call through its turn: leave asked, made once, settled."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from crewctl.adapters.child_protocol import Retry, Settle
from crewctl.adapters.crewai_bound import PromptBound, as_messages
from crewctl.adapters.crewai_exchanges import Exchanges
from crewctl.adapters.crewai_purposes import SPEAKER, Speaker, purpose_here
from crewctl.adapters.crewai_retry import http_status, is_unreached
from crewctl.adapters.crewai_wire import Question
from crewctl.catalogue.specs.script_spec import Purpose
from crewctl.planning.plan import PlannedModel
from crewctl.planning.plan import Retry as RetryPolicy

CAPS = ("max_tokens", "max_completion_tokens", "max_output_tokens")
"""What CrewAI's model classes call the cap on an answer."""


LONGEST_TEXT = 4 * 1024 * 1024
"""Characters of an answer, of a tool's arguments or result that are told; a line must hold them escaped."""

_LONGEST_PROMPT = 16 * 1024 * 1024
_MOST_TOKENS = 10**12
"""What the protocol takes; a provider that reports more has been heard all the same."""


class Usage(NamedTuple):
    """Tokens that a provider reported."""

    prompt: int
    completion: int


def credible(prompt: int, completion: int) -> Usage | None:
    """Return the usage of an answer; None unless both counts are above zero.

    Some servers report zeros, nonsense or a half where they do not count: then nobody knows.
    """
    if prompt <= 0 or completion <= 0:
        return None
    return Usage(min(prompt, _MOST_TOKENS), min(completion, _MOST_TOKENS))


class Prompt(NamedTuple):
    """What a call sends: messages, and the tool and answer schemas beside them."""

    messages: list[dict[str, Any]]
    extras: list[Any]


@dataclass
class OpenCall:
    """A call that is being made, or about to be: without a `grant` it may only be answered from a recording.

    `requests` counts the HTTP requests made for it; the first uses this grant. `first` is what that
    request's answer said it used, `tracked` what CrewAI read from the answer. `replayed` says that the
    answer was a recorded one.
    """

    instance: object
    question: Question
    prompt: Prompt
    key: str
    simulated: bool
    cap: int
    grant: int | None = None
    replayed: bool = False
    started: float = field(default_factory=time.monotonic)
    requests: int = 0
    first: Usage | None = None
    tracked: Usage | None = None

    def usage(self) -> Usage | None:
        """Return what this grant used, or None where nobody can say."""
        if self.requests > 1:
            return self.first
        return self.tracked or self.first


CALL: ContextVar[OpenCall | None] = ContextVar("crewctl_call", default=None)
"""The call being made in this context, if any."""

_OPEN: ContextVar[tuple[OpenCall, ...]] = ContextVar("crewctl_open", default=())
"""The calls of this context that cannot settle before what is done in it is done."""


class Turns:
    """The turns of one child. `models` says which planned model an LLM instance is."""

    def __init__(
        self, exchanges: Exchanges, retry: RetryPolicy, default: Speaker, model: PlannedModel
    ) -> None:
        self.exchanges = exchanges
        self.wire = exchanges.wire
        self.retry = retry
        self.default = default
        self._default_model = model
        self._models: dict[int, tuple[object, PlannedModel]] = {}
        self._bound = PromptBound()
        self._told: dict[str, list[Any]] = {}
        self._lock = threading.Lock()

    def knows(self, instance: object, model: PlannedModel) -> None:
        """Book every call of `instance` as one of `model`; the instance is kept alive."""
        self._models[id(instance)] = (instance, model)

    def model_of(self, instance: object) -> PlannedModel:
        """Return the planned model that `instance` is, or the step's own where CrewAI made it."""
        return self._models.get(id(instance), (None, self._default_model))[1]

    def purpose(self) -> Purpose:
        """Return what a call made here and now is for."""
        return purpose_here((SPEAKER.get() or self.default).part)

    def begin(
        self, instance: object, prompt: Prompt, purpose: Purpose, wanted: int | None = None
    ) -> OpenCall:
        """Ask leave for one call and wait; returns only once it is granted.

        Where a recording may answer without a turn, leave is not asked for yet: see `grant`.
        """
        speaker, model = SPEAKER.get() or self.default, self.model_of(instance)
        bound, key = self._bound.of(model.name, prompt.messages, prompt.extras)
        question = Question(
            agent=speaker.agent,
            model=model.name,
            purpose=purpose,
            prompt_tokens=bound,
            output_tokens=min(wanted or model.max_output_tokens, model.max_output_tokens),
        )
        call = OpenCall(instance, question, prompt, key, model.simulated, question.output_tokens)
        if not self.exchanges.may_be_free("model", model.name):
            self.grant(call)
        return call

    def grant(self, call: OpenCall) -> None:
        """Ask leave for a call that has none yet, and wait; returns only once it is granted."""
        if call.grant is not None:
            return
        granted = self.wire.ask(
            replace(
                call.question,
                blocked=tuple(one.grant for one in _OPEN.get() if one.grant is not None),
                prompt=self._new_messages(call.question.agent, call.prompt.messages),
            )
        )
        call.grant, call.cap = granted.grant, granted.output_cap

    def end(self, call: OpenCall, response: Any = None, error: BaseException | None = None) -> None:
        """Settle a call; usage that nobody knows stays at the whole reservation."""
        usage = call.usage()
        if usage is not None and usage.prompt:
            self._bound.learn(call.key, usage.prompt)
        if call.grant is None:
            return
        self.wire.settle(
            Settle(
                grant=call.grant,
                prompt_tokens=None if usage is None else usage.prompt,
                completion_tokens=None if usage is None else usage.completion,
                seconds=time.monotonic() - call.started,
                simulated=call.simulated,
                error="" if error is None else in_one_line(error),
                status=None if error is None else http_status(error),
                unreached=error is not None and is_unreached(error),
                response=None if response is None else shortened(as_text(response)),
            )
        )

    def will_retry(self, error: BaseException, delay: float) -> None:
        """Tell the parent that the call is made again after `delay` seconds."""
        self.wire.event(Retry(error=in_one_line(error), delay=delay))

    def _new_messages(self, agent: str, messages: Sequence[Mapping[str, Any]]) -> list[Any]:
        told_as = json.dumps(list(messages), default=_plain)
        if len(told_as) > _LONGEST_PROMPT:
            # It is counted all the same; an ask that cannot be sent would be no ask.
            return [{"role": "system", "content": f"[crewctl keeps no prompt of {len(told_as):,} bytes]"}]
        plain: list[Any] = json.loads(told_as)
        with self._lock:
            told = self._told.get(agent, [])
            self._told[agent] = plain
        return plain[len(told) :] if told and plain[: len(told)] == told else plain


@contextlib.contextmanager
def capped(instance: object, cap: int) -> Iterator[None]:
    """Lower the caps that `instance` has set to `cap` while a call is made."""
    before = {name: getattr(instance, name, None) for name in CAPS}
    lowered = {name: value for name, value in before.items() if isinstance(value, int) and value > cap}
    for name in lowered:
        setattr(instance, name, cap)
    try:
        yield
    finally:
        for name, value in lowered.items():
            setattr(instance, name, value)


@contextlib.contextmanager
def open_as(call: OpenCall | None) -> Iterator[None]:
    """Make `call` the one that is being made in this context; None for what is no part of a call."""
    token = CALL.set(call)
    calls = _OPEN.set(_OPEN.get() if call is None else (*_OPEN.get(), call))
    try:
        yield
    finally:
        _OPEN.reset(calls)
        CALL.reset(token)


def as_text(response: Any) -> str:
    """Return an answer as text: prose as it is, tool calls and structures as JSON."""
    return response if isinstance(response, str) else json.dumps(response, default=_plain, ensure_ascii=False)


def shortened(text: str) -> str:
    """Return `text` so that a line of the protocol can hold it; what is left out is said."""
    if len(text) <= LONGEST_TEXT:
        return text
    return f"{text[:LONGEST_TEXT]}\n[crewctl left out {len(text) - LONGEST_TEXT:,} characters here]"


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else str(value)


def in_one_line(error: BaseException, limit: int = 500) -> str:
    """Return an error as one line of at most `limit` characters."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= limit else text[: limit - 1] + "…"


def prompt_of(messages: Any, tools: Any, answer_schema: Any) -> Prompt:
    """Collect what a call of CrewAI's LLM classes will send."""
    extras = list(tools or ())
    if hasattr(answer_schema, "model_json_schema"):
        extras.append(answer_schema.model_json_schema())
    return Prompt(as_messages(messages), extras)
