"""An exchange with a model that speaks no HTTP as it is recorded, and the recorded answer as CrewAI takes it."""

from __future__ import annotations

import builtins
import json
from typing import Any

from pydantic import BaseModel

from crewctl.adapters.crewai_exchanges import Exchanges
from crewctl.adapters.crewai_retry import status_of
from crewctl.adapters.crewai_turns import OpenCall, Prompt, Usage
from crewctl.adapters.exchange_player import Asked
from crewctl.audit.exchange_content import Json
from crewctl.audit.exchange_digest import call_digest, talk_digest
from crewctl.errors import EngineError


class RecordedError(Exception):
    """A failure of a model or tool as it was recorded; it bears the name that the error had."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status_code = status


def question_of(prompt: Prompt) -> Json:
    """Return what is asked, as JSON."""
    said: Json = json.loads(
        json.dumps({"messages": prompt.messages, "beside": prompt.extras}, default=_plain)
    )
    return said


def asking(exchanges: Exchanges, call: OpenCall, question: Json) -> Asked:
    """Return the call as a question of its agent to its model."""
    return exchanges.asking(
        "model",
        "call",
        call_digest(question["messages"], question["beside"]),
        call.question.agent,
        model=call.question.model,
        talk=talk_digest(question),
    )


def answer_of(response: Any, usage: Usage | None) -> Json:
    """Return the response as it is recorded: text, plain JSON, or a structure."""
    used = {} if usage is None else {"usage": list(usage)}
    if isinstance(response, str):
        return {"text": response, **used}
    if isinstance(response, BaseModel):
        return {"structure": response.model_dump(mode="json"), **used}
    try:
        return {"value": json.loads(json.dumps(response)), **used}
    except (TypeError, ValueError):
        return {"unrepeatable": type(response).__name__, **used}


def error_of(error: BaseException) -> Json:
    """Return an error as it is recorded: its name, its words, and the HTTP status that it carries."""
    return {"kind": type(error).__name__, "message": str(error), "status": status_of(error)}


def response_of(answer: Json, answer_model: Any) -> Any:
    """Return the recorded response, or raise the recorded failure."""
    if "broke" in answer:
        raise raised(answer["broke"])
    if "structure" in answer and hasattr(answer_model, "model_validate"):
        return answer_model.model_validate(answer["structure"])
    for form in ("text", "value", "structure"):
        if form in answer:
            return answer[form]
    raise EngineError(
        "the recorded answer cannot be given again", help="run the crew instead of replaying it"
    )


def usage_of(answer: Json) -> Usage | None:
    """Return what the answer used when it was recorded."""
    return Usage(*answer["usage"]) if "usage" in answer else None


def raised(error: Json) -> Exception:
    """Return the recorded error, to be raised again."""
    kind, message = str(error.get("kind")), str(error.get("message"))
    known = getattr(builtins, kind, None)
    if isinstance(known, type) and issubclass(known, OSError | ValueError | RuntimeError | LookupError):
        return known(message)
    # Whether a failure passes is told by its name and its status.
    named: type[RecordedError] = type(kind, (RecordedError,), {})
    return named(message, error.get("status"))


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else str(value)
