"""What a model server's models do, by name: answer, loop, delegate, fail, hang."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence

from crewctl.adapters.offline_schema import fill, fill_json
from crewctl.testing.model_server_exchange import (
    Answer,
    Asked,
    Drop,
    Failure,
    Garbage,
    Hang,
    Reply,
    ToolCall,
    Usage,
)

Behaviour = Callable[[Asked], Reply]

DELEGATE = "delegate_work_to_coworker"
ASK = "ask_question_to_coworker"


def plain(asked: Asked) -> Answer:
    """Answer with a text that depends on nothing but the conversation; JSON where a schema is asked."""
    if asked.schema is not None:
        return Answer(fill_json(asked.schema))
    seen = hashlib.sha256(json.dumps(asked.messages, sort_keys=True).encode()).hexdigest()
    return Answer(f"The answer to {len(asked.messages)} messages is {seen[:16]}.")


def saying(text: str, *, usage: Usage | None = None, delay: float = 0.0, pause: float = 0.0) -> Behaviour:
    """Answer every request with `text`."""
    return lambda _: Answer(text, usage=usage, delay=delay, pause=pause)


def long(words: int = 3000) -> Behaviour:
    """Answer with so many words, cut to the client's output cap."""

    def answer(asked: Asked) -> Reply:
        seen = plain(asked).text
        text = " ".join(f"{seen} word{number}" for number in range(words // 8))
        cap = asked.output_cap
        return Answer(text if cap is None else text[: cap * 4])

    return answer


def looping(asked: Asked) -> Reply:
    """Call the first tool that is no delegation, for ever, each time with other arguments."""
    tool = next((one for one in asked.tools if one.get("name") not in {DELEGATE, ASK}), None)
    if tool is None:
        return plain(asked)
    turn = len(asked.tool_results) + 1
    arguments = fill(tool.get("parameters") or {}, text=f"turn {turn}")
    return Answer(tool_calls=(ToolCall(str(tool["name"]), _numbered(arguments, turn)),))


def delegating(*, for_ever: bool = False, question: bool = False) -> Behaviour:
    """As a manager, give each coworker the task once (or for ever); as a worker, answer."""
    wanted = ASK if question else DELEGATE

    def answer(asked: Asked) -> Reply:
        tool = next((one for one in asked.tools if one.get("name") == wanted), None)
        names = coworkers(tool) if tool else ()
        done = len(asked.tool_results)
        if not names or (done >= len(names) and not for_ever):
            return plain(asked)
        what = "question" if question else "task"
        arguments = {what: f"Part {done + 1} of the work.", "context": "All that was said so far."}
        return Answer(tool_calls=(ToolCall(wanted, {**arguments, "coworker": names[done % len(names)]}),))

    return answer


def guardrail(*valid: bool) -> Behaviour:
    """Answer guardrail questions with these verdicts in turn, the last one for ever; else plainly."""
    given: list[bool] = []

    def answer(asked: Asked) -> Reply:
        if "Guardrail:" not in asked.text and "guardrail" not in json.dumps(asked.schema or {}).lower():
            return plain(asked)
        verdict = valid[min(len(given), len(valid) - 1)]
        given.append(verdict)
        feedback = None if verdict else f"Not yet good enough, objection {len(given)}."
        return Answer(json.dumps({"valid": verdict, "feedback": feedback}))

    return answer


def script(*replies: Reply) -> Behaviour:
    """Give these replies in turn; a request beyond the last gets a 500 that says so."""

    def answer(asked: Asked) -> Reply:
        if asked.count > len(replies):
            return Failure(500, f"the script of {asked.model!r} has only {len(replies)} replies")
        return replies[asked.count - 1]

    return answer


def by_turn(*replies: Reply) -> Behaviour:
    """Give these replies by how many tool results the conversation holds: one script for many callers."""
    return lambda asked: replies[min(len(asked.tool_results), len(replies) - 1)]


def failing(failure: Reply, *, when: Callable[[int], bool], then: Behaviour = plain) -> Behaviour:
    """Give `failure` where `when(count)`, else what `then` says."""
    return lambda asked: failure if when(asked.count) else then(asked)


def slow(seconds: float) -> Behaviour:
    """Answer plainly after so many seconds."""
    return lambda asked: Answer(plain(asked).text, delay=seconds)


def without_usage(asked: Asked) -> Reply:
    """Answer plainly and say nothing of tokens."""
    return Answer(plain(asked).text, usage="missing")


def over_the_cap(asked: Asked) -> Reply:
    """Answer plainly and report ten times the output that was allowed."""
    cap = asked.output_cap or 4096
    return Answer(plain(asked).text, usage=Usage(10, cap * 10))


def coworkers(tool: Mapping[str, object]) -> tuple[str, ...]:
    """Return the roles that a delegation tool's description lists."""
    match = re.search(r"following coworkers: (.*)", str(tool.get("description", "")))
    return tuple(name.strip() for name in match.group(1).split(", ")) if match else ()


def _numbered(arguments: object, turn: int) -> Mapping[str, object]:
    # CrewAI gives up after the same call with the same result five times: vary the numbers too.
    values = arguments if isinstance(arguments, Mapping) else {}
    return {name: turn if type(value) is int else value for name, value in values.items()}


_RATE_LIMITED = Failure(429, "rate limit reached", code="rate_limit_exceeded")
_WAIT_A_SECOND = Failure(429, "rate limit reached", retry_after=1, code="rate_limit_exceeded")


def named() -> dict[str, Behaviour]:
    """Return a fresh table of the behaviours that a model gets by its name alone."""
    return {
        "plain": plain,
        "long": long(),
        "tool-loop": looping,
        "delegate": delegating(),
        "delegate-for-ever": delegating(for_ever=True),
        "ask": delegating(question=True),
        "ask-for-ever": delegating(for_ever=True, question=True),
        "guardrail-invalid": guardrail(False),
        "guardrail-valid": guardrail(True),
        "guardrail-second-time": guardrail(False, True),
        "429": failing(_RATE_LIMITED, when=lambda _: True),
        "429-retry-after": failing(_WAIT_A_SECOND, when=lambda count: count == 1),
        "429-every-other": failing(_RATE_LIMITED, when=lambda count: count % 2 == 1),
        "429-once": failing(_RATE_LIMITED, when=lambda count: count == 1),
        "500": failing(Failure(500), when=lambda _: True),
        "500-once": failing(Failure(500), when=lambda count: count == 1),
        "401": failing(Failure(401, "invalid api key", code="invalid_api_key"), when=lambda _: True),
        "garbage": lambda _: Garbage(),
        "hang": lambda _: Hang(),
        "hang-half-way": lambda _: Hang(after_headers=True),
        "drop": lambda _: Drop(),
        "no-usage": without_usage,
        "over-the-cap": over_the_cap,
        "slow": slow(1.0),
        "slow-stream": lambda asked: Answer(plain(asked).text, pause=0.2),
    }


def chosen(table: Mapping[str, Behaviour], model: str) -> Behaviour | None:
    """Return the behaviour of `model`: by its whole name, or by what stands before a colon."""
    return table.get(model) or table.get(model.split(":", 1)[0])


def names(table: Mapping[str, Behaviour]) -> Sequence[str]:
    """Return the names that the table knows, sorted."""
    return sorted(table)
