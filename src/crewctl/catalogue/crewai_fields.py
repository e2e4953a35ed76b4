"""Every field of CrewAI's Agent, Task and Crew, and what crewctl does with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Status = Literal["honoured", "taken_over", "refused", "not_yet", "display"]
Kind = Literal["agent", "task", "crew"]

CREWAI_VERSION = "1.15.30"


@dataclass(frozen=True)
class CrewaiField:
    """One field; `instead` is the imperative that ends the problem about it.

    `off` holds the values that say what crewctl does anyway: they are accepted and change nothing.
    """

    name: str
    status: Status
    reason: str
    instead: str = ""
    off: tuple[Any, ...] = (None,)


def _honoured(*names: str) -> list[CrewaiField]:
    return [CrewaiField(name, "honoured", "as in CrewAI") for name in names]


def _state(*names: str) -> list[CrewaiField]:
    return [
        CrewaiField(name, "refused", "CrewAI's own state while it runs; nobody sets it") for name in names
    ]


def _code(*names: str) -> list[CrewaiField]:
    why = "it names Python code, which a file of data must not start"
    instead = "take the key away; a custom tool under tools/ is where code belongs"
    return [CrewaiField(name, "refused", why, instead) for name in names]


def _refused(name: str, reason: str, *off: Any, instead: str = "") -> CrewaiField:
    return CrewaiField(name, "refused", reason, instead or "take the key away", (None, *off))


def _over(name: str, reason: str, instead: str, *off: Any) -> CrewaiField:
    return CrewaiField(name, "taken_over", reason, instead, (None, *off))


def _later(name: str, reason: str, *off: Any) -> CrewaiField:
    return CrewaiField(name, "not_yet", reason, "take the key away", (None, *off))


_VERBOSE = CrewaiField("verbose", "display", "crewctl has a display of its own; the field changes nothing")
_CHECKPOINT = _refused(
    "checkpoint", "CrewAI's checkpoints write API keys in clear; crewctl keeps a journal", False
)
_SECURITY = _refused("security_config", "CrewAI's fingerprints; crewctl's digests say what runs")
_FAILURES = _later("tool_failure_policy", "what happens when a tool says that it failed")
_CONFIG = _refused("config", "a second way to say the same fields", instead="write the fields themselves")

AGENT_FIELDS: tuple[CrewaiField, ...] = (
    *_honoured("role", "goal", "backstory", "llm", "tools", "cache", "max_iter", "allow_delegation"),
    *_honoured("use_system_prompt", "system_template", "prompt_template", "response_template"),
    *_honoured("respect_context_window", "inject_date", "date_format", "reasoning", "max_reasoning_attempts"),
    _VERBOSE,
    _over(
        "max_tokens",
        "an output cap belongs to the model, where the meter reserves it",
        "give the model max_output_tokens in config/models.yaml",
    ),
    _over(
        "max_execution_time",
        "CrewAI's own does not stop work; crewctl's deadline ends the process",
        "give the task or the limits a timeout",
    ),
    _over(
        "max_retry_limit",
        "crewctl retries failed model calls itself, each attempt a turn",
        "say retry in registry/policy.yaml",
    ),
    _later("max_rpm", "a pace for model calls, kept across parallel children"),
    _later("function_calling_llm", "a second model for tool calls"),
    _later("knowledge", "knowledge files"),
    _later("knowledge_sources", "knowledge files"),
    _later("knowledge_storage", "knowledge files"),
    _later("knowledge_config", "knowledge files"),
    _later("embedder", "knowledge files and memory"),
    _later("memory", "its model calls would have to be metered, and its content erasable", False),
    _later("mcps", "MCP servers"),
    _later("a2a", "remote agents"),
    _later("skills", "skills"),
    _later("planning", "planning before a task", False),
    _later("planning_config", "planning before a task"),
    _later("use_better_compaction", "keeping oversized tool results whole", True),
    _FAILURES,
    _refused(
        "guardrail",
        "CrewAI applies it only to an agent without a crew",
        instead="give the task the guardrail",
    ),
    _refused(
        "guardrail_max_retries",
        "CrewAI applies it only to an agent without a crew",
        instead="give the task the guardrail",
    ),
    _refused("allow_code_execution", "CrewAI took the interpreter behind it away", False),
    _refused("code_execution_mode", "CrewAI took the interpreter behind it away", "safe"),
    _refused("multimodal", "deprecated by CrewAI", False),
    _refused("apps", "it needs an account with the CrewAI platform"),
    _refused("from_repository", "it fetches the agent from the CrewAI platform, so nobody could review it"),
    _refused("i18n", "prompts from another file would change unseen", instead="use the agent's templates"),
    _CONFIG,
    _CHECKPOINT,
    _SECURITY,
    *_code("step_callback", "callbacks", "executor_class"),
    *_state("entity_type", "id", "agent_executor", "crew", "cache_handler", "tools_handler", "tools_results"),
    *_state("adapted_agent", "execution_context", "checkpoint_kickoff_event_id", "agent_knowledge_context"),
    *_state("crew_knowledge_context", "knowledge_search_query"),
)

TASK_FIELDS: tuple[CrewaiField, ...] = (
    *_honoured("description", "expected_output", "agent", "context", "tools", "markdown", "async_execution"),
    *_honoured("output_file", "create_directory", "guardrail", "guardrail_max_retries"),
    _over("name", "the key in config/tasks.yaml is the task's name", "take the key away"),
    _over("max_retries", "renamed by CrewAI", "write guardrail_max_retries"),
    CrewaiField("human_input", "honoured", "a card after the task; the run waits without a process"),
    _later("guardrails", "several guardrails"),
    _later("output_json", "structured output"),
    _later("output_pydantic", "structured output"),
    _later("response_model", "structured output"),
    _later("input_files", "files handed to a task"),
    _FAILURES,
    _refused("allow_crewai_trigger_context", "it belongs to triggers of the CrewAI platform", False),
    _CONFIG,
    _SECURITY,
    *_code("callback", "converter_cls"),
    *_state("used_tools", "tools_errors", "delegations", "prompt_context", "output", "id", "retry_count"),
    *_state("processed_by_agents", "start_time", "end_time"),
    *_state("checkpoint_original_description", "checkpoint_original_expected_output"),
)

CREW_FIELDS: tuple[CrewaiField, ...] = (
    *_honoured("tasks", "agents", "process"),
    _VERBOSE,
    _over("name", "the file's name is the crew's name", "take the key away, or rename the file"),
    _over("manager_llm", "one key names either an agent or a model", "write manager: with the model"),
    _over("manager_agent", "one key names either an agent or a model", "write manager: with the agent"),
    _over("stream", "streaming belongs to the model", "say stream: true in config/models.yaml", False),
    _over("output_log_file", "every run has its log", "read it with crewctl logs", False),
    _over("tracing", "every run has its trace, and it stays here", "read it with crewctl trace", False),
    _later("memory", "its model calls would have to be metered, and its content erasable", False),
    _later("cache", "a cache of tool results across the children of a run", False),
    _later("max_rpm", "a pace for model calls, kept across parallel children"),
    _later("planning", "planning before the tasks", False),
    _later("planning_llm", "planning before the tasks"),
    _later("function_calling_llm", "a second model for tool calls"),
    _later("embedder", "knowledge files and memory"),
    _later("knowledge", "knowledge files"),
    _later("knowledge_sources", "knowledge files"),
    _later("skills", "skills"),
    _FAILURES,
    _refused("share_crew", "it sends the crew's content to CrewAI", False),
    _refused("prompt_file", "prompts from another file would change unseen"),
    _refused("trained_agents_file", "it loads a pickle, and a pickle is code"),
    _refused("chat_llm", "crewctl has no chat"),
    _CONFIG,
    _CHECKPOINT,
    _SECURITY,
    *_code("step_callback", "task_callback", "before_kickoff_callbacks", "after_kickoff_callbacks"),
    *_state("entity_type", "id", "usage_metrics", "token_usage", "execution_logs", "execution_context"),
    *_state("task_execution_output_json_files", "checkpoint_inputs", "checkpoint_train"),
    *_state("checkpoint_kickoff_event_id"),
)

CREWAI_FIELDS: dict[Kind, dict[str, CrewaiField]] = {
    "agent": {field.name: field for field in AGENT_FIELDS},
    "task": {field.name: field for field in TASK_FIELDS},
    "crew": {field.name: field for field in CREW_FIELDS},
}


def crewai_fields_of(kind: str) -> dict[str, CrewaiField]:
    """Return CrewAI's fields by name; none for a kind of item that CrewAI does not have."""
    return next((fields for known, fields in CREWAI_FIELDS.items() if known == kind), {})


_HEAD = f"""# CrewAI's fields

What crewctl does with every field of CrewAI {CREWAI_VERSION}'s `Agent`, `Task` and `Crew`. Generated from
`crewctl.catalogue.crewai_fields`; a test compares it with the installed CrewAI.

- **honoured**: means what it means in CrewAI.
- **taken over**: crewctl does it itself; the last column says where to say it.
- **not yet**: refused with `[not-yet]` until its behaviour is built.
- **refused**: refused with the reason.
- **display**: accepted and without effect; `crewctl check -v` lists where it stands.

A value in the column *accepted* says what crewctl does anyway, and passes.
"""


def crewai_fields_page() -> str:
    """Return docs/reference/crewai-fields.md."""
    parts = [_HEAD]
    for kind, fields in CREWAI_FIELDS.items():
        parts.append(
            f"\n## {kind.capitalize()}\n\n| field | crewctl | why | instead | accepted |\n|---|---|---|---|---|\n"
        )
        parts += [_row(field) for field in fields.values()]
    return "".join(parts)


def _row(field: CrewaiField) -> str:
    accepted = (
        "" if field.status in ("honoured", "display") else ", ".join(f"`{_yaml(off)}`" for off in field.off)
    )
    status = field.status.replace("_", " ")
    return f"| `{field.name}` | {status} | {field.reason} | {field.instead} | {accepted} |\n"


def _yaml(value: Any) -> str:
    return {None: "null", True: "true", False: "false"}.get(value, str(value))
