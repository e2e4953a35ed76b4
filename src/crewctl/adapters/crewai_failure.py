"""Says in one plain line why a step failed."""

from __future__ import annotations

from crewctl.adapters.crewai_retry import causes, status_of
from crewctl.adapters.crewai_turns import in_one_line
from crewctl.errors import CrewctlError

_BY_STATUS = {
    401: "the model's endpoint refused the key",
    403: "the model's endpoint does not allow this key to do that",
    404: "the model's endpoint does not know this model or address",
    408: "the model's endpoint gave up waiting",
    413: "the prompt is too large for the model's endpoint",
    429: "the model's endpoint has had too many requests",
}
_ELSEWHERE = (
    "the model's endpoint points to another address, which is not followed: write that one as base_url"
)
_FIRST_ERROR = 400
_FIRST_SERVER_ERROR = 500
_BY_NAME = {
    "APITimeoutError": "the model did not answer in time",
    "ReadTimeout": "the model did not answer in time",
    "ConnectTimeout": "the model's endpoint could not be reached in time",
    "APIConnectionError": "the connection to the model's endpoint failed",
    "ConnectError": "the model's endpoint could not be reached",
    "RemoteProtocolError": "the model's endpoint broke the connection off",
    "JSONDecodeError": "the model's endpoint answered with something that is not JSON",
    "APIResponseValidationError": "the model's endpoint answered with something that is not an answer",
    "LLMContextLengthExceededError": "the prompt is longer than the model's context window",
    "ToolExecutionFailedError": "a tool kept failing",
}
_BY_TEXT = {
    "Invalid response from LLM call - None or empty": "the model answered with nothing",
    "No valid task outputs available": "the task came to an empty output",
    "Guardrail failed": "the output did not pass the task's guardrail",
    "failed guardrail": "the output did not pass the task's guardrail",
}


def plainly(error: BaseException) -> str:
    """Return what a person needs to know of `error`, without a traceback."""
    ours = next((cause for cause in causes(error) if isinstance(cause, CrewctlError)), None)
    if ours is not None:
        return f"{ours.message}; {ours.help}" if ours.help else ours.message
    told = in_one_line(error)
    known = _known(error, told)
    if known is None:
        return f"{type(error).__name__}: {told}"
    return f"{known}: {told}"


def _known(error: BaseException, told: str) -> str | None:
    status = status_of(error)
    if status is not None:
        return f"{_BY_STATUS.get(status) or _by_class(status)} ({status})"
    by_text = next((meaning for text, meaning in _BY_TEXT.items() if text in told), None)
    names = [type(cause).__name__ for cause in causes(error)]
    return by_text or next((_BY_NAME[name] for name in reversed(names) if name in _BY_NAME), None)


def _by_class(status: int) -> str:
    if status >= _FIRST_SERVER_ERROR:
        return "the model's endpoint failed"
    return "the model's endpoint refused" if status >= _FIRST_ERROR else _ELSEWHERE
