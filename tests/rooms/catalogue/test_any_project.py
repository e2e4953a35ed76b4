"""Whatever the files of a project say, they are told what is wrong; nothing falls over."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any, get_args

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crewctl.catalogue.crewai_fields import CREWAI_FIELDS
from crewctl.catalogue.ignored import ignored_fields
from crewctl.catalogue.load import load_catalogue
from crewctl.catalogue.not_yet import OWN_KEYS, PROCESSES
from crewctl.catalogue.specs.crew_spec import (
    HierarchicalCrew,
    InputSpec,
    MarketCrew,
    MarketSpec,
    ProtocolName,
)
from crewctl.catalogue.specs.limits_spec import LimitsSpec
from crewctl.catalogue.specs.model_spec import ModelSpec
from crewctl.catalogue.specs.registry_specs import Criterion, EntrySpec, PolicySpec, RubricSpec
from crewctl.catalogue.specs.task_spec import TaskSpec
from crewctl.diagnostics.render import render

KEYS = sorted(
    {"maxTurns", "maxTimeout", "crew", "a", "b", "..", "", "<<", "minimal", "high", "limited"}
    | {name for fields in CREWAI_FIELDS.values() for name in fields}
    | {name for keys in OWN_KEYS.values() for name in keys}
    | {
        name
        for spec in (HierarchicalCrew, MarketCrew, MarketSpec, InputSpec, LimitsSpec, ModelSpec, EntrySpec)
        for name in spec.model_fields
    }
    | {name for spec in (PolicySpec, RubricSpec, Criterion, TaskSpec) for name in spec.model_fields}
)
PROTOCOLS = get_args(ProtocolName)
WORDS = ["a", "b", "sequential", "hierarchical", "market", *PROCESSES, *PROTOCOLS, "vote", "person", "merge"]
WORDS += [
    "consensus",
    "notify",
    "never",
    "FileReadTool",
    "custom:a",
    "custom:../x",
    "offline",
    "scripted",
    "openai/x",
    "{a}",
    "30m",
    "1 USD",
    "../x",
]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**6),
    st.floats(-2, 2),
    st.sampled_from(WORDS),
    st.text(max_size=5),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(KEYS), inner, max_size=6)
    ),
    max_leaves=12,
)
PROSE = st.one_of(st.just("About {a}"), VALUES)
AGENT = st.fixed_dictionaries(
    {"role": PROSE, "goal": PROSE, "backstory": PROSE},
    optional=dict.fromkeys(("llm", "tools", "memory", "max_iter", "reasoning", "verbose"), VALUES),
)
TASK = st.fixed_dictionaries(
    {"description": PROSE, "expected_output": PROSE},
    optional={
        "agent": st.sampled_from(["a", "b", "c"]),
        "context": st.lists(st.sampled_from(["a", "b", "c"]), max_size=3),
        "async_execution": st.booleans(),
        "output_file": st.sampled_from(["x.md", "/x", "../x", "{a}"]),
        "maxTimeout": VALUES,
        "timeout": VALUES,
    },
)
NAMES = st.sampled_from(["a", "b", "c"])
USES = st.lists(
    st.one_of(NAMES, st.fixed_dictionaries({"task": NAMES}, optional={"agent": NAMES})), max_size=4
)
CREW = st.fixed_dictionaries(
    {"description": PROSE, "process": st.sampled_from(["sequential", "hierarchical", "market", "x"])},
    optional={
        "tasks": USES,
        "agents": st.lists(NAMES, max_size=3),
        "manager": NAMES,
        "inputs": st.dictionaries(NAMES, VALUES, max_size=2),
        "limits": VALUES,
        "market": st.fixed_dictionaries(
            {"task": NAMES, "contestants": st.lists(NAMES, max_size=4), "judge": NAMES, "rubric": NAMES}
        ),
    },
)
FILES = {
    "config/agents.yaml": st.one_of(VALUES, st.dictionaries(NAMES, AGENT, max_size=3)),
    "config/tasks.yaml": st.one_of(VALUES, st.dictionaries(NAMES, TASK, max_size=3)),
    "config/models.yaml": st.one_of(VALUES, st.dictionaries(NAMES, VALUES, max_size=3)),
    "crews/a.yaml": st.one_of(VALUES, CREW),
    "registry/entries/a.yaml": VALUES,
    "registry/policy.yaml": VALUES,
    "registry/rubrics/a.yaml": VALUES,
}


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.fixed_dictionaries({}, optional=FILES))
def test_any_project_is_loaded_and_its_problems_can_be_shown(files: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for file, data in files.items():
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            # JSON is YAML, and an author of JSON writes the same mistakes.
            (root / file).write_text(json.dumps(data), encoding="utf-8")
        catalogue = load_catalogue(root)
        sources = {file: source.content for file, source in catalogue.sources.items()}
        for form in ("text", "concise", "json", "github"):
            render(catalogue.problems, sources, form)
        ignored_fields(catalogue)
        for problem in catalogue.problems:
            lines = sources.get(problem.span.file, b"").count(b"\n") + 1
            assert 1 <= problem.span.line <= lines
            assert problem.message
