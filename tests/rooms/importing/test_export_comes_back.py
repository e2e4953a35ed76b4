"""What is exported can be imported again, and says the same."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Callable, Mapping

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from crewctl.adapters.classic_emit import emit_items
from crewctl.adapters.imported_project import Imported
from crewctl.adapters.plain_export import export_project
from crewctl.catalogue.catalogue import Catalogue
from crewctl.catalogue.specs.crew_spec import HierarchicalCrew
from crewctl.errors import InvalidError
from crewctl.testing.small_plans import small_agent, small_model, small_plan, small_task, small_tool

MODELS = (
    small_model("http://127.0.0.1:9/v1", "x", api_key_env="HOUSE_KEY", temperature=0.5),
    small_model(None, name="o", kind="offline", model="offline", timeout=None),
)


def test_an_export_comes_back_as_it_was(
    bring: Callable[[Mapping[str, str]], Imported], loaded: Callable[[Imported], Catalogue]
) -> None:
    plan = small_plan(
        crew="due-diligence",
        process="hierarchical",
        manager_agent="boss",
        agents=(
            small_agent("boss"),
            small_agent("legal-analyst", goal="Law of {company}", settings={"allow_delegation": True}),
        ),
        tasks=(
            small_task("assess", None, description="Long " * 60 + "\n", markdown=True),
            small_task("recommend", "legal-analyst", context=("assess",), output_file="out/x.md"),
        ),
        models=MODELS,
        inputs={"company": "Acme"},
    )
    imported = bring(export_project(plan))
    catalogue = loaded(imported)
    crew = catalogue.crews["due-diligence"]

    assert [problem.rule for problem in catalogue.problems] == []
    assert isinstance(crew, HierarchicalCrew)
    assert (crew.manager, crew.agents, crew.tasks) == ("boss", ["legal_analyst"], ["assess", "recommend"])
    assert catalogue.tasks["assess"].description == plan.tasks[0].description
    assert (catalogue.tasks["recommend"].context, catalogue.tasks["recommend"].agent) == (
        ["assess"],
        "legal_analyst",
    )
    assert crew.inputs["company"] is not None
    assert crew.inputs["company"].example == "Acme"


def test_every_file_of_an_export_reads() -> None:
    plan = small_plan(
        crew="3 odd'names",
        description='It\'s "odd" \\ """ here',
        agents=(small_agent("crew"), small_agent("class", model="o"), small_agent("a.b")),
        tasks=(small_task("crew", "class"), small_task("a b", "crew"), small_task("a-b", "a.b")),
        models=MODELS,
        inputs={"q": 'it\'s "x"'},
    )
    files = export_project(plan)

    for name, text in files.items():
        if name.endswith(".py"):
            ast.parse(text)
        elif name.endswith(".yaml"):
            assert yaml.safe_load(text)
    project = tomllib.loads(files["pyproject.toml"])["project"]
    assert project["name"].replace("-", "_") in project["scripts"]["run_crew"]
    assert "export MODEL=...\nexport HOUSE_KEY=...\n" in files["README.md"]


def test_a_key_is_named_and_never_written() -> None:
    models = export_project(small_plan(models=MODELS))["src/small/models.py"]

    assert 'api_key=os.environ["HOUSE_KEY"]' in models


def test_a_tool_file_that_does_not_say_which_tool_it_is_is_refused() -> None:
    plan = small_plan(
        models=MODELS,
        agents=(small_agent("writer", tools=("custom:two",)),),
        tools=(small_tool("two"),),
        tool_sources={"tools/two.py": "@tool\ndef a(): pass\n@tool\ndef b(): pass\n"},
    )
    with pytest.raises(InvalidError, match=r"tools/two\.py does not say which tool it is"):
        export_project(plan)


TEXTS = st.text(
    st.one_of(
        st.sampled_from(" \n:#'\"{}[]-|>&*!%@`,?\\abc"), st.characters(exclude_categories=("Cs", "Cc"))
    ),
    max_size=200,
)


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_whatever_a_text_holds_its_yaml_reads_as_that_text(text: str) -> None:
    written = emit_items({"item": {"goal": text, "next": "x"}}, "")

    assert yaml.safe_load(written) == {"item": {"goal": text, "next": "x"}}
