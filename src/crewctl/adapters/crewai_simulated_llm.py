"""A model that needs no network, as CrewAI calls it: events, hooks, usage and native tool calls."""

from __future__ import annotations

import asyncio
from typing import Any

from crewai.events.types.llm_events import LLMCallType
from crewai.llms.base_llm import BaseLLM, llm_call_context
from pydantic import BaseModel, PrivateAttr

from crewctl.adapters.offline_said import Call, Said, tokens_of
from crewctl.planning.plan import PlannedModel

CONTEXT_WINDOW = 128_000


class SimulatedLLM(BaseLLM):  # type: ignore[misc]  # CrewAI's types are not followed
    """A model that needs no network: subclasses say what it answers; this class speaks CrewAI's protocol.

    `max_tokens` is the cap on an answer; whoever grants calls may lower it between them.
    """

    _window: int = PrivateAttr(default=CONTEXT_WINDOW)

    def __init__(self, planned: PlannedModel) -> None:
        super().__init__(
            model=planned.model,
            provider="crewctl",
            max_tokens=planned.max_output_tokens,
            stream=planned.stream,
        )
        self._window = planned.context_window or CONTEXT_WINDOW

    def say(
        self,
        messages: list[dict[str, Any]],
        tools: list[dict[str, Any]],
        schema: dict[str, Any] | None,
        source: dict[str, Any],
    ) -> Said:
        """Return the answer to one conversation; an exception is the model's failure.

        `schema` is what the answer must fit; `source` holds CrewAI's agent and task, either may be None.
        """
        raise NotImplementedError

    def was_answered(self, source: dict[str, Any]) -> None:
        """Hear that a call was answered from a recording: what follows a script must not give that turn again."""

    def supports_function_calling(self) -> bool:
        """Say that tools are called natively, not in the text of an answer."""
        return True

    def supports_stop_words(self) -> bool:
        """Say that no stop word is needed."""
        return False

    def get_context_window_size(self) -> int:
        """Return how many tokens a conversation may have before CrewAI summarises it."""
        return self._window

    def get_input_tokens_count(
        self,
        messages: Any,
        tools: Any = None,
        response_model: Any = None,  # noqa: ARG002 - CrewAI's signature
    ) -> int:
        """Return the estimate that `say` reports too."""
        return tokens_of(self._format_messages(messages), tools or ())

    def call(  # noqa: PLR0913, PLR0917 - CrewAI's signature
        self,
        messages: Any,
        tools: Any = None,
        callbacks: Any = None,
        available_functions: Any = None,
        from_task: Any = None,
        from_agent: Any = None,
        response_model: type[BaseModel] | None = None,
    ) -> Any:
        """Answer one call with CrewAI's events, hooks and usage around it."""
        source = {"from_task": from_task, "from_agent": from_agent}
        with llm_call_context():
            self._emit_call_started_event(
                messages=messages,
                tools=tools,
                callbacks=callbacks,
                available_functions=available_functions,
                **source,
            )
            try:
                return self._answered(self._format_messages(messages), tools or [], response_model, source)
            except Exception as error:
                self._emit_call_failed_event(error=str(error), **source)
                raise

    async def acall(self, *args: Any, **kwargs: Any) -> Any:
        """Answer one call in a thread of its own, which sees this one's context."""
        return await asyncio.to_thread(self.call, *args, **kwargs)

    def _answered(
        self,
        messages: list[dict[str, Any]],
        tools: list[dict[str, Any]],
        response_model: type[BaseModel] | None,
        source: dict[str, Any],
    ) -> Any:
        if not self._invoke_before_llm_call_hooks(messages, source["from_agent"]):
            raise ValueError("LLM call blocked by before_llm_call hook")
        schema = response_model.model_json_schema() if response_model else None
        said = self.say(messages, tools, schema, source)
        usage = {"prompt_tokens": said.prompt_tokens, "completion_tokens": said.completion_tokens}
        usage["total_tokens"] = sum(usage.values())
        self._track_token_usage_internal(usage)
        answer: Any = said.text if not said.calls else [_native(call, n) for n, call in enumerate(said.calls)]
        if isinstance(answer, str) and self._effective_stream():
            self._emit_stream_chunk_event(chunk=answer, **source)
        self._emit_call_completed_event(
            response=answer,
            call_type=LLMCallType.TOOL_CALL if said.calls else LLMCallType.LLM_CALL,
            messages=messages,
            usage=usage,
            **source,
        )
        if not isinstance(answer, str):
            return answer
        answer = self._invoke_after_llm_call_hooks(messages, answer, source["from_agent"])
        return answer if response_model is None else self._validate_structured_output(answer, response_model)

    @property
    def most_tokens(self) -> int | None:
        """The cap on the next answer."""
        return None if self.max_tokens is None else int(self.max_tokens)


def _native(call: Call, number: int) -> dict[str, Any]:
    return {"id": f"call_{number}", "type": "function", "function": call.wire}
