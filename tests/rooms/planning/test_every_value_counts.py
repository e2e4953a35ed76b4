"""Every value that a project's files can say is digested, or left out for a reason that is written down."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, get_args

import pytest
import yaml
from pydantic import BaseModel

from crewctl.catalogue.load import load_catalogue
from crewctl.catalogue.specs.agent_spec import AgentSpec
from crewctl.catalogue.specs.calls_spec import CallRules
from crewctl.catalogue.specs.crew_spec import (
    HierarchicalCrew,
    InputSpec,
    JudgeUse,
    MarketCrew,
    MarketSpec,
    SequentialCrew,
    TaskUse,
)
from crewctl.catalogue.specs.faults_spec import BreakerSpec, TaskRetrySpec
from crewctl.catalogue.specs.limits_spec import LimitsSpec
from crewctl.catalogue.specs.model_rules import ModelRules
from crewctl.catalogue.specs.model_spec import ModelSpec, PriceSpec
from crewctl.catalogue.specs.people_spec import (
    AnswerRule,
    BoundCondition,
    EqualsCondition,
    InCondition,
    MatchesCondition,
    PeopleRules,
)
from crewctl.catalogue.specs.registry_specs import (
    ApprovalRules,
    Criterion,
    EntrySpec,
    MarketRules,
    PolicySpec,
    RetrySpec,
    RubricSpec,
)
from crewctl.catalogue.specs.schedule_spec import ScheduleSpec, TriggerSpec, WebhookRules
from crewctl.catalogue.specs.task_spec import TaskSpec
from crewctl.planning.make_plan import make_plan
from crewctl.planning.plan import Plan, PlannedModel, Price
from crewctl.planning.port import RecordedModel, RunRecording
from crewctl.testing.fake_world import FakeWorld

AGENT = {"role": "Writer", "goal": "Write about {company}", "backstory": "You write."}
PROJECT: dict[str, Any] = {
    "config/agents.yaml": {
        "writer": {**AGENT, "llm": "house", "tools": ["FileReadTool", "custom:count"]},
        "teller": {**AGENT, "role": "Teller", "llm": {"model": "openai/gpt-4o", "temperature": 0.1}},
        "reader": {**AGENT, "role": "Reader"},
        "judge": {**AGENT, "role": "Judge", "llm": "played"},
        "spare": {**AGENT, "role": "Spare"},
    },
    "config/tasks.yaml": {
        "look": {"description": "Look at {company}.", "expected_output": "Notes", "agent": "reader"},
        "scan": {"description": "Scan {company}.", "expected_output": "Notes", "agent": "reader"},
        "pitch": {"description": "Pitch to {company}.", "expected_output": "A pitch"},
        "draft": {"description": "Write to {company}.", "expected_output": "A mail", "timeout": "1m"},
    },
    "config/models.yaml": {
        "default": "offline",
        "house": {
            "model": "openai/qwen3",
            "base_url": "${env:BASE}",
            "api_key": "${env:HOUSE_KEY}",
            "price": {"input": "1 USD", "output": "2 USD"},
        },
        "played": {"model": "scripted", "script": "script.yaml"},
    },
    "crews/mail.yaml": {
        "description": "Two write, one judges.",
        "process": "market",
        "inputs": {"company": {"description": "Who", "example": "Acme"}},
        "tasks": ["look", {"task": "scan", "agent": "reader"}],
        "market": {
            "task": "draft",
            "contestants": ["writer", "teller"],
            "judge": "judge",
            "rubric": "plain",
        },
    },
    "crews/line.yaml": {
        "description": "One after another.",
        "process": "sequential",
        "inputs": {"company": None},
        "tasks": ["look"],
        "agents": ["spare"],
    },
    "crews/led.yaml": {
        "description": "One leads.",
        "process": "hierarchical",
        "inputs": {"company": None},
        "tasks": ["look"],
        "agents": ["reader"],
        "manager": "spare",
    },
    "registry/entries/mail.yaml": {"risk_level": "limited", "human_oversight_required": True},
    "registry/policy.yaml": {"tools": {"FileReadTool": ["reads_files"], "custom:count": []}},
    "registry/rubrics/strict.yaml": {"criteria": {"facts": {"says": "Names facts."}}},
    "registry/rubrics/plain.yaml": {"criteria": {"facts": {"says": "Names facts."}}},
}
COUNT = (
    'from crewai.tools import tool\n\n\n@tool\ndef count(text: str) -> int:\n    """Count."""\n    return 1\n'
)
SCRIPTS = {"script.yaml": "turns: [{answer: one}]\n", "other.yaml": "turns: [{answer: two}]\n"}
OTHER_FILES = {"tools/count.py": COUNT, "tools/letters.py": "GREETING = 'Dear'\n"}
TAPES = ("20261121-000000-aaaa", "20261121-000000-bbbb")
TAPED = PlannedModel(name="played", kind="offline", model="offline", max_output_tokens=100)
WORLD = FakeWorld(
    environ={"BASE": "http://127.0.0.1:8000/v1", "OTHER": "http://127.0.0.1:8001/v1"},
    files={name: text.encode() for name, text in SCRIPTS.items()},
    prices={"openai/gpt-4o": Price(input=1, output=1, source="a list")},
    recordings={run: RunRecording({"played": RecordedModel(TAPED, run)}) for run in TAPES},
)


class Change(NamedTuple):
    """A field, the way to where it is said, and another value; `before` is said first, in both projects."""

    spec: type[BaseModel]
    field: str
    where: str
    value: Any
    before: dict[str, Any] = {}


WRITER, LOOK, DRAFT = "config/agents.yaml writer", "config/tasks.yaml look", "config/tasks.yaml draft"
PLAYED = "config/models.yaml played"
HOUSE, MAIL, WHO = "config/models.yaml house", "crews/mail.yaml", "crews/mail.yaml inputs company"
ENTRY, POLICY, RUBRIC = "registry/entries/mail.yaml", "registry/policy.yaml", "registry/rubrics/plain.yaml"
READER = "config/agents.yaml reader"
FACTS, LINE, LED = f"{RUBRIC} criteria facts", "crews/line.yaml", "crews/led.yaml"
PANEL = {f"{MAIL} market judge": [{"agent": "judge"}]}
MERGED = {f"{MAIL} market decision": "merge", f"{MAIL} market editor": "reader"}
KIN = {"config/agents.yaml judge llm": "openai/gpt-4o"}
UNSEEN = {f"{ENTRY} human_oversight_required": False}
LONG = {"field": "length", "op": "above", "value": 9}
OUTPUT = {"field": "source", "op": "equals", "value": "output"}
RULED = {
    f"{POLICY} people rules": [
        {
            "name": "short",
            "when": [
                {"field": "length", "op": "below", "value": 9},
                {"field": "task", "op": "equals", "value": "look"},
                {"field": "source", "op": "in", "value": ["output", "tool_call"]},
                {"field": "crew", "op": "matches", "value": "mail|brief"},
                {"field": "tool", "op": "equals", "value": "custom:count"},
            ],
        }
    ]
}
SHORT = f"{POLICY} people rules 0 when"

COUNTS = (
    Change(AgentSpec, "role", WRITER, "Poet"),
    Change(AgentSpec, "goal", WRITER, "Write for {company}"),
    Change(AgentSpec, "backstory", WRITER, "You wrote."),
    Change(AgentSpec, "llm", WRITER, "default"),
    Change(AgentSpec, "tools", WRITER, ["custom:count"]),
    Change(AgentSpec, "allow_delegation", WRITER, True),
    Change(AgentSpec, "cache", WRITER, True),
    Change(AgentSpec, "max_iter", WRITER, 3),
    Change(AgentSpec, "respect_context_window", WRITER, False),
    Change(AgentSpec, "use_system_prompt", WRITER, False),
    Change(AgentSpec, "system_template", WRITER, "{{ .System }} x"),
    Change(AgentSpec, "prompt_template", WRITER, "{{ .Prompt }} x"),
    Change(AgentSpec, "response_template", WRITER, "x {{ .Response }}"),
    Change(AgentSpec, "inject_date", WRITER, True),
    Change(AgentSpec, "date_format", WRITER, "%Y"),
    Change(AgentSpec, "reasoning", WRITER, True, {f"{WRITER} max_reasoning_attempts": 2}),
    Change(AgentSpec, "max_reasoning_attempts", WRITER, 2),
    Change(TaskSpec, "description", LOOK, "Look hard at {company}."),
    Change(TaskSpec, "expected_output", LOOK, "A list"),
    Change(TaskSpec, "agent", LOOK, "spare"),
    Change(TaskSpec, "context", DRAFT, ["scan"]),
    Change(TaskSpec, "tools", LOOK, ["FileReadTool"]),
    Change(TaskSpec, "markdown", LOOK, True),
    Change(TaskSpec, "async_execution", LOOK, True),
    Change(TaskSpec, "human_input", LOOK, True),
    Change(TaskSpec, "output_file", LOOK, "out.txt"),
    Change(TaskSpec, "create_directory", LOOK, False),
    Change(TaskSpec, "guardrail", LOOK, "It names no prices."),
    Change(TaskSpec, "guardrail_max_retries", LOOK, 1, {f"{LOOK} guardrail": "It names no prices."}),
    Change(TaskSpec, "timeout", DRAFT, "2m"),
    Change(AgentSpec, "retry", READER, {"attempts": 2}),
    Change(AgentSpec, "fallback", READER, "spare"),
    Change(TaskSpec, "retry", LOOK, {"attempts": 2}),
    Change(TaskSpec, "fallback", LOOK, "spare"),
    Change(TaskSpec, "on_failure", LOOK, "continue"),
    Change(TaskRetrySpec, "attempts", f"{LOOK} retry", 4),
    Change(TaskRetrySpec, "backoff", f"{LOOK} retry", "3s"),
    Change(TaskRetrySpec, "factor", f"{LOOK} retry", 3.0),
    Change(TaskRetrySpec, "jitter", f"{LOOK} retry", 0.1),
    Change(TaskRetrySpec, "longest", f"{LOOK} retry", "5s"),
    Change(SequentialCrew, "retry", LINE, {"attempts": 2}),
    Change(HierarchicalCrew, "retry", LED, {"attempts": 2}),
    Change(MarketCrew, "retry", MAIL, {"attempts": 2}),
    Change(EntrySpec, "retry", ENTRY, {"attempts": 2}),
    Change(PolicySpec, "task_retry", POLICY, {"attempts": 2}),
    Change(PolicySpec, "breaker", POLICY, {"failures": 2}),
    Change(BreakerSpec, "failures", f"{POLICY} breaker", 2),
    Change(BreakerSpec, "within", f"{POLICY} breaker", "5s"),
    Change(BreakerSpec, "open_for", f"{POLICY} breaker", "5s"),
    Change(ModelSpec, "fallback", HOUSE, "default"),
    Change(ModelSpec, "model", HOUSE, "openai/qwen4"),
    Change(ModelSpec, "base_url", HOUSE, "http://127.0.0.1:8001/v1"),
    Change(ModelSpec, "api_key", HOUSE, "${env:OTHER_KEY}"),
    Change(ModelSpec, "timeout", HOUSE, "5s"),
    Change(ModelSpec, "max_output_tokens", HOUSE, 100),
    Change(ModelSpec, "context_window", HOUSE, 2048),
    Change(ModelSpec, "temperature", HOUSE, 0.5),
    Change(ModelSpec, "stream", HOUSE, True),
    Change(ModelSpec, "price", HOUSE, "free"),
    Change(ModelSpec, "script", "config/models.yaml played", "other.yaml"),
    Change(ModelSpec, "replay", PLAYED, TAPES[1], {PLAYED: {"replay": TAPES[0]}}),
    Change(PriceSpec, "input", f"{HOUSE} price", "0 USD"),
    Change(PriceSpec, "output", f"{HOUSE} price", "0 USD"),
    Change(MarketCrew, "description", MAIL, "Two write."),
    Change(MarketCrew, "inputs", MAIL, {"company": None, "more": {"default": "x"}}),
    Change(MarketCrew, "limits", MAIL, {"max_turns": 40}),
    Change(MarketCrew, "tasks", MAIL, ["look"]),
    Change(MarketSpec, "task", f"{MAIL} market", "pitch"),
    Change(MarketSpec, "contestants", f"{MAIL} market", ["writer", "spare"]),
    Change(MarketSpec, "judge", f"{MAIL} market", "spare"),
    Change(MarketSpec, "rubric", f"{MAIL} market", "strict"),
    Change(MarketSpec, "protocol", f"{MAIL} market", "all_pairs"),
    Change(MarketSpec, "substitutes", f"{MAIL} market", ["spare"], KIN),
    Change(MarketSpec, "second_opinion", f"{MAIL} market", ["spare"]),
    Change(MarketSpec, "ballots", f"{MAIL} market", 5, {f"{MAIL} market judge": "vote"}),
    Change(MarketSpec, "decision", f"{MAIL} market", "consensus"),
    Change(MarketSpec, "editor", f"{MAIL} market", "spare", MERGED),
    Change(JudgeUse, "agent", f"{MAIL} market judge 0", "spare", PANEL),
    Change(JudgeUse, "weight", f"{MAIL} market judge 0", 2.0, PANEL),
    Change(MarketRules, "injected_drafts", f"{POLICY} market", "disqualify"),
    Change(PolicySpec, "market", POLICY, {"injected_drafts": "warn"}),
    Change(InputSpec, "description", WHO, "Whom"),
    Change(InputSpec, "type", WHO, "boolean", {f"{WHO} example": None}),
    Change(InputSpec, "default", WHO, "Acme"),
    Change(InputSpec, "choices", WHO, ["Acme"]),
    Change(InputSpec, "pattern", WHO, "A.*"),
    Change(InputSpec, "max_length", WHO, 9),
    Change(TaskUse, "task", f"{MAIL} tasks 1", "pitch"),
    Change(TaskUse, "agent", f"{MAIL} tasks 1", "spare"),
    Change(SequentialCrew, "description", LINE, "Another."),
    Change(SequentialCrew, "inputs", LINE, {"company": {"default": "x"}}),
    Change(SequentialCrew, "limits", LINE, {"timeout": "2m"}),
    Change(SequentialCrew, "tasks", LINE, ["look", "scan"]),
    Change(SequentialCrew, "agents", LINE, []),
    Change(HierarchicalCrew, "description", LED, "Another."),
    Change(HierarchicalCrew, "inputs", LED, {"company": {"default": "x"}}),
    Change(HierarchicalCrew, "limits", LED, {"timeout": "2m"}),
    Change(HierarchicalCrew, "tasks", LED, ["look", "scan"]),
    Change(HierarchicalCrew, "agents", LED, ["reader", "writer"]),
    Change(HierarchicalCrew, "manager", LED, "default"),
    Change(LimitsSpec, "max_turns", f"{ENTRY} limits", 40),
    Change(LimitsSpec, "timeout", f"{ENTRY} limits", "2m"),
    Change(LimitsSpec, "max_tokens", f"{ENTRY} limits", 10_000),
    Change(LimitsSpec, "max_cost", f"{ENTRY} limits", "1 USD"),
    Change(EntrySpec, "owner", ENTRY, "ada"),
    Change(EntrySpec, "risk_level", ENTRY, "high"),
    Change(EntrySpec, "business_risk", ENTRY, "low"),
    Change(EntrySpec, "data_categories", ENTRY, ["health"]),
    Change(EntrySpec, "human_oversight_required", ENTRY, False),
    Change(EntrySpec, "limits", ENTRY, {"max_turns": 7}),
    Change(EntrySpec, "four_eyes", ENTRY, True),
    Change(PolicySpec, "people", POLICY, {"expires": "1d"}),
    Change(PeopleRules, "expires", f"{POLICY} people", "1d"),
    Change(PeopleRules, "four_eyes", f"{POLICY} people", ["limited"]),
    Change(PeopleRules, "rules", f"{POLICY} people", [], RULED),
    Change(AnswerRule, "name", f"{POLICY} people rules 0", "other", RULED),
    Change(AnswerRule, "when", f"{POLICY} people rules 0", [LONG, OUTPUT], RULED),
    Change(AnswerRule, "sample", f"{POLICY} people rules 0", 0.5, RULED),
    Change(BoundCondition, "field", f"{SHORT} 0", "arguments.words", RULED),
    Change(BoundCondition, "op", f"{SHORT} 0", "above", RULED),
    Change(BoundCondition, "value", f"{SHORT} 0", 8, RULED),
    Change(EqualsCondition, "field", f"{SHORT} 1", "arguments.task", RULED),
    Change(EqualsCondition, "value", f"{SHORT} 1", "draft", RULED),
    Change(InCondition, "field", f"{SHORT} 2", "arguments.source", RULED),
    Change(InCondition, "value", f"{SHORT} 2", ["output"], RULED),
    Change(MatchesCondition, "field", f"{SHORT} 3", "arguments.to", RULED),
    Change(MatchesCondition, "value", f"{SHORT} 3", "m.*", RULED),
    Change(PolicySpec, "limits", POLICY, {"max_turns": 7}),
    Change(PolicySpec, "tools", POLICY, {"FileReadTool": ["sends_data"], "custom:count": []}),
    Change(PolicySpec, "calls", POLICY, {"reads_files": "ask"}),
    *(
        Change(
            CallRules,
            tag,
            f"{POLICY} calls",
            "allow" if rule.default == "ask" else "ask",
            {f"{POLICY} tools": {"FileReadTool": [tag], "custom:count": []}},
        )
        for tag, rule in CallRules.model_fields.items()
    ),
    Change(PolicySpec, "retry", POLICY, {"attempts": 1}),
    Change(PolicySpec, "approval", POLICY, {"limited": "always"}, UNSEEN),
    Change(
        ApprovalRules, "minimal", f"{POLICY} approval", "always", UNSEEN | {f"{ENTRY} risk_level": "minimal"}
    ),
    Change(ApprovalRules, "limited", f"{POLICY} approval", "always", UNSEEN),
    Change(RetrySpec, "attempts", f"{POLICY} retry", 1),
    Change(RetrySpec, "backoff", f"{POLICY} retry", "2s"),
    Change(RubricSpec, "criteria", RUBRIC, {"short": {"says": "Is short."}}),
    Change(Criterion, "says", FACTS, "Names many facts."),
    Change(Criterion, "weight", FACTS, 2.0),
    Change(Criterion, "must", FACTS, True),
)
"""Every field whose value may change a run; a new field fails the test below until it is here."""

LEFT_OUT: dict[tuple[type[BaseModel], str], str] = {
    (AgentSpec, "verbose"): "display only, and ignored",
    (SequentialCrew, "verbose"): "display only, and ignored",
    (HierarchicalCrew, "verbose"): "display only, and ignored",
    (MarketCrew, "verbose"): "display only, and ignored",
    (InputSpec, "example"): "shown in help texts; a rehearsal takes it for a value, a kickoff never",
    (RubricSpec, "description"): "for readers of the file; the judge never sees it",
    (PeopleRules, "max_waiting"): "holds back the start of runs, and changes nothing of a run",
    (EntrySpec, "schedule"): "when runs start, and nothing of what they do",
    (EntrySpec, "on"): "when runs start, and nothing of what they do",
    (PolicySpec, "models"): "where models may be asked; where one is asked is digested with the model",
    (ModelRules, "endpoints"): "where models may be asked; where one is asked is digested with the model",
    (PolicySpec, "webhook"): "whose requests start runs, and nothing of what they do",
    (WebhookRules, "secret"): "whose requests start runs, and nothing of what they do",
    **{
        (spec, name): "when a run starts and with which inputs; their values have a digest of their own"
        for spec in (ScheduleSpec, TriggerSpec)
        for name in spec.model_fields
    },
}
ONE_CHOICE = {
    (SequentialCrew, "process"),
    (HierarchicalCrew, "process"),
    (MarketCrew, "process"),
    (MarketCrew, "market"),
    (EntrySpec, "approvals_required"),
    (ApprovalRules, "high"),
    (EqualsCondition, "op"),
    (InCondition, "op"),
    (MatchesCondition, "op"),
}
"""Fields with one possible value, or whose own fields are all here."""


def test_every_field_of_every_spec_is_on_one_side_or_the_other() -> None:
    fields = {(spec, name) for spec in set(_specs()) for name in spec.model_fields}
    assert fields == {(each.spec, each.field) for each in COUNTS} | LEFT_OUT.keys() | ONE_CHOICE


@pytest.mark.parametrize("change", COUNTS, ids=lambda each: f"{each.spec.__name__}.{each.field}")
def test_another_value_in_a_file_is_another_digest(change: Change, tmp_path: Path) -> None:
    crew = {LINE: "line", LED: "led"}.get(change.where.split()[0], "mail")
    project = _with(PROJECT, change.before)

    before = _plan(tmp_path / "before", crew, project)
    after = _plan(tmp_path / "after", crew, _with(project, {f"{change.where} {change.field}": change.value}))

    assert before.crew_digest != after.crew_digest


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("config/agents.yaml writer verbose", True),
        ("crews/mail.yaml verbose", True),
        (f"{WHO} example", "Initech"),
        (f"{RUBRIC} description", "What is good"),
    ],
)
def test_what_is_left_out_voids_no_approval(where: str, value: Any, tmp_path: Path) -> None:
    before = _plan(tmp_path / "before", "mail", PROJECT)
    after = _plan(tmp_path / "after", "mail", _with(PROJECT, {where: value}))

    assert before.crew_digest == after.crew_digest


@pytest.mark.parametrize(
    "file", ["tools/count.py", "tools/letters.py", "tools/deep/er.py", "tools/words.txt"]
)
def test_any_file_under_tools_counts_once_a_custom_tool_is_used(file: str, tmp_path: Path) -> None:
    before = _plan(tmp_path / "before", "mail", PROJECT)
    after = _plan(tmp_path / "after", "mail", PROJECT, {file: f"{COUNT}COUNT = 2\n"})

    assert before.crew_digest != after.crew_digest


def test_what_the_environment_says_of_an_endpoint_counts(tmp_path: Path) -> None:
    before = _plan(tmp_path / "before", "mail", PROJECT)
    elsewhere = dataclasses.replace(WORLD, environ={"BASE": "http://127.0.0.1:9999/v1"})
    catalogue = load_catalogue(tmp_path / "before")

    assert make_plan(catalogue, "mail", None, elsewhere).crew_digest != before.crew_digest


def _specs() -> Iterator[type[BaseModel]]:
    """Yield every spec that a file of a project can be, and every one inside it."""
    ahead: list[Any] = [AgentSpec, TaskSpec, ModelSpec, SequentialCrew, HierarchicalCrew, MarketCrew]
    ahead += [EntrySpec, PolicySpec, RubricSpec]
    while ahead:
        one = ahead.pop()
        if isinstance(one, type) and issubclass(one, BaseModel):
            yield one
            ahead += [field.annotation for field in one.model_fields.values()]
        else:
            ahead += get_args(one)


def _with(project: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    """Return the project with a value put wherever `said` has one: ``file key key``."""
    changed = copy.deepcopy(project)
    for where, value in said.items():
        *way, last = [int(word) if word.isdigit() else word for word in where.split()]
        place = changed
        for word in way:
            place = place[word] if isinstance(place, list) else place.setdefault(word, {})
        place[last] = value
    return changed


def _plan(folder: Path, crew: str, project: dict[str, Any], files: dict[str, str] | None = None) -> Plan:
    texts = {file: yaml.safe_dump(data, sort_keys=False) for file, data in project.items()}
    for file, text in {**texts, **OTHER_FILES, **SCRIPTS, **(files or {})}.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text, encoding="utf-8")
    return make_plan(load_catalogue(folder), crew, None, WORLD)
