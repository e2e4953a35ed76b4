"""Classic projects become crewctl projects: every word is kept, nothing is run, nothing is guessed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from crewctl.adapters.classic_project import import_classic
from crewctl.adapters.imported_project import Imported
from crewctl.adapters.new_files import write_new
from crewctl.catalogue.catalogue import Catalogue
from crewctl.catalogue.specs.crew_spec import HierarchicalCrew, SequentialCrew, TaskUse
from crewctl.errors import NotFoundError, UsageError

Bring = Callable[[Mapping[str, str]], Imported]
Loaded = Callable[[Imported], Catalogue]
HOME = "src/latest_news"
CREW = f"{HOME}/crew.py"
PROSE = ("role", "goal", "backstory", "description", "expected_output")


def prose_of(text: str) -> dict[tuple[str, str], Any]:
    items: dict[str, dict[str, Any]] = yaml.safe_load(text)
    return {(name, key): item[key] for name, item in items.items() for key in PROSE if key in item}


def said(imported: Imported) -> str:
    return "\n".join(str(note) for note in imported.notes)


def edited(project: dict[str, str], old: str, new: str, file: str = CREW) -> dict[str, str]:
    assert old in project[file]
    return {**project, file: project[file].replace(old, new)}


def test_a_classic_project_becomes_a_project_without_problems(
    project: dict[str, str], bring: Bring, loaded: Loaded
) -> None:
    imported = bring(project)
    catalogue = loaded(imported)

    assert catalogue.problems == ()
    crew = catalogue.crews["latest-news"]
    assert isinstance(crew, SequentialCrew)
    assert crew.tasks == ["research", "report"]
    assert crew.description == "Finds the news"
    assert crew.agents == ["researcher", "writer"]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_every_word_of_prose_is_as_it_was(
    newline: str, project: dict[str, str], bring: Bring, loaded: Loaded
) -> None:
    catalogue = loaded(bring({name: text.replace("\n", newline) for name, text in project.items()}))

    for file, found in (("agents.yaml", catalogue.agents), ("tasks.yaml", catalogue.tasks)):
        before = prose_of(project[f"{HOME}/config/{file}"])
        assert {(name, key): getattr(found[name], key) for name, key in before} == before


def test_folded_text_keeps_its_layout(project: dict[str, str], bring: Bring) -> None:
    assert (
        '  goal: >\n    Uncover developments in {topic}\n\n    and "quote"'
        in bring(project).files["config/agents.yaml"]
    )


def test_inputs_are_the_placeholders_with_what_main_gives_as_examples(
    project: dict[str, str], bring: Bring, loaded: Loaded
) -> None:
    inputs = loaded(bring(project)).crews["latest-news"].inputs

    assert list(inputs) == ["topic", "year"]
    assert inputs["topic"] is not None
    assert inputs["topic"].example == "AI LLMs"
    assert inputs["year"] is not None
    assert inputs["year"].example is None


def test_a_model_name_gets_its_provider_and_text_that_means_true_is_true(
    project: dict[str, str], bring: Bring, loaded: Loaded
) -> None:
    writer = loaded(bring(project)).agents["writer"]

    assert (writer.llm, writer.allow_delegation) == ("openai/gpt-4o", True)


def test_code_is_read_and_never_run(project: dict[str, str], bring: Bring, tmp_path: Path) -> None:
    trap = f"open({str(tmp_path / 'ran')!r}, 'w')\n"
    bring({**project, CREW: trap + project[CREW], f"{HOME}/config/__init__.py": trap})

    assert not (tmp_path / "ran").exists()


def test_what_python_gives_is_carried(project: dict[str, str], bring: Bring, loaded: Loaded) -> None:
    project = edited(
        project,
        "config=self.tasks_config['report'])",
        "config=self.tasks_config['report'], agent=self.researcher(), context=[self.research()], "
        "output_file='notes.md', tools=[SerperDevTool()], async_execution=False)",
    )
    project = edited(
        project, "from crewai import", "from crewai_tools import SerperDevTool\nfrom crewai import"
    )
    catalogue = loaded(bring(project))
    crew, report = catalogue.crews["latest-news"], catalogue.tasks["report"]

    assert catalogue.problems == ()
    assert isinstance(crew, SequentialCrew)
    assert crew.tasks == ["research", TaskUse(task="report", agent="researcher")]
    assert (report.context, report.output_file, report.tools, report.agent) == (
        ["research"],
        "notes.md",
        ["SerperDevTool"],
        None,
    )


def test_the_order_of_the_tasks_is_the_crews(project: dict[str, str], bring: Bring, loaded: Loaded) -> None:
    project = edited(project, "    - research\n", "    []\n", f"{HOME}/config/tasks.yaml")
    crew = loaded(bring(edited(project, "tasks=self.tasks", "tasks=[self.report(), self.research()]"))).crews[
        "latest-news"
    ]

    assert isinstance(crew, SequentialCrew)
    assert crew.tasks == ["report", "research"]


@pytest.mark.parametrize(
    ("manager", "expected", "agents"),
    [
        ("manager_llm='gpt-4o'", "openai/gpt-4o", ["researcher", "writer"]),
        ("manager_agent=self.writer()", "writer", ["researcher"]),
        ("manager_agent=Agent(config=self.agents_config['writer'], max_iter=7)", "writer", ["researcher"]),
        ("manager_llm=LLM(model='openai/gpt-4o', temperature=0.2)", "gpt-4o", ["researcher", "writer"]),
    ],
)
def test_a_hierarchy_keeps_its_manager(
    manager: str, expected: str, agents: list[str], project: dict[str, str], bring: Bring, loaded: Loaded
) -> None:
    project = edited(project, "  agent: writer\n", "", f"{HOME}/config/tasks.yaml")
    catalogue = loaded(bring(edited(project, "Process.sequential", f"Process.hierarchical, {manager}")))
    crew = catalogue.crews["latest-news"]

    assert catalogue.problems == ()
    assert isinstance(crew, HierarchicalCrew)
    assert (crew.manager, crew.agents) == (expected, agents)


def test_a_missing_agent_is_marked_and_never_guessed(
    project: dict[str, str], bring: Bring, loaded: Loaded
) -> None:
    imported = bring(edited(project, "  agent: researcher\n", "", f"{HOME}/config/tasks.yaml"))

    assert "  - research # TODO: who does this?" in imported.files["crews/latest-news.yaml"]
    assert "task 'research' names no agent, and none is guessed" in said(imported)
    assert [problem.rule for problem in loaded(imported).problems] == ["task-without-agent"]


def test_every_key_that_stays_behind_is_named_with_its_place(
    project: dict[str, str], bring: Bring, loaded: Loaded
) -> None:
    file = f"{HOME}/config/agents.yaml"
    project = edited(
        project, "  verbose: true\n", "  max_rpm: 10\n  agnet: x\n  memory: true\n  cache: false\n", file
    )
    project = edited(project, "verbose=True)\n\n    @agent", "step_callback=print)\n\n    @agent")
    project = edited(
        project, "process=Process.sequential", "process=Process.sequential, memory=True, planning=False"
    )
    imported = bring(project)

    told = said(imported)
    assert f"{file}:12: 'max_rpm' of agent 'researcher' was left out" in told
    assert f"{file}:13: 'agnet' of agent 'researcher' is no field of CrewAI's" in told
    assert f"{CREW}:10: " in told
    assert "'memory' of crew 'latest-news' was left out" in told
    assert "planning" not in told
    catalogue = loaded(imported)
    assert catalogue.problems == ()
    assert catalogue.agents["researcher"].cache is False


def test_methods_that_are_code_are_named(project: dict[str, str], bring: Bring) -> None:
    imported = bring(
        edited(
            project,
            "    @crew\n",
            "    @before_kickoff\n    def prepare(self, inputs):\n        return inputs\n\n    @crew\n",
        )
    )

    assert f"{CREW}:25: code before the kickoff, prepare(), was left out" in said(imported)


def test_agents_written_in_python_are_carried_with_their_words(
    project: dict[str, str], bring: Bring, loaded: Loaded
) -> None:
    inline = "Agent(role='Critic', goal='Find ' + 'faults', backstory='''Two\nlines''')"
    imported = bring(edited(project, "Agent(config=self.agents_config['writer'])", inline))
    writer = loaded(imported).agents["writer"]

    assert (writer.role, writer.goal, writer.backstory) == ("Critic", "Find faults", "Two\nlines")


def test_prose_made_at_run_time_is_noted_and_not_invented(project: dict[str, str], bring: Bring) -> None:
    inline = "Agent(role=f'{self.x}', goal='g', backstory='b')"
    imported = bring(edited(project, "Agent(config=self.agents_config['writer'])", inline))

    assert "takes role from f'{self.x}', which only running it would tell" in said(imported)


def test_values_that_python_takes_from_the_file_are_the_files(
    project: dict[str, str], bring: Bring, loaded: Loaded
) -> None:
    by_hand = (
        "Task(description=conf['description'].format(topic=self.topic), "
        "expected_output=conf['expected_output'], agent=self.researcher())"
    )
    project = edited(
        project,
        "return Task(config=self.tasks_config['research'])",
        f"conf = self.tasks_config['research']\n        return {by_hand}",
    )
    catalogue = loaded(bring(project))

    assert catalogue.tasks["research"].description == "Research {topic} in {year}\n"
    assert catalogue.problems == ()


def test_a_model_made_in_python_becomes_an_entry(
    project: dict[str, str], bring: Bring, loaded: Loaded
) -> None:
    llm = "LLM(model='ollama/llama3.1', base_url='http://localhost:11434', api_key=os.getenv('KEY'), top_p=1)"
    project = edited(project, "class LatestNewsCrew():\n", f"class LatestNewsCrew():\n    llm = {llm}\n")
    project = edited(
        project,
        "Agent(config=self.agents_config['writer'])",
        "Agent(config=self.agents_config['writer'], llm=self.llm)",
    )
    imported = bring(project)
    model = loaded(imported).models["llama3-1"]

    assert (model.model, model.base_url, model.api_key) == (
        "ollama/llama3.1",
        "http://localhost:11434",
        "${env:KEY}",
    )
    assert "says top_p besides; left out" in said(imported)


OWN_TOOL = "from crewai.tools import BaseTool\n\nclass CountTool(BaseTool):\n    name: str = 'c'\n"


def with_tool(project: dict[str, str], source: str, made: str) -> dict[str, str]:
    project = edited(
        project,
        "Agent(config=self.agents_config['writer'])",
        f"Agent(config=self.agents_config['writer'], tools=[{made}])",
    )
    return {**project, f"{HOME}/tools/custom_tool.py": source}


def test_a_tool_of_the_project_comes_along_as_a_file(
    project: dict[str, str], bring: Bring, loaded: Loaded
) -> None:
    imported = bring(with_tool(project, OWN_TOOL, "CountTool()"))

    assert imported.files["tools/CountTool.py"] == OWN_TOOL
    assert "was copied from src/latest_news/tools/custom_tool.py; read it before anything runs" in said(
        imported
    )
    assert loaded(imported).agents["writer"].tools == ["custom:CountTool"]


@pytest.mark.parametrize(
    ("source", "made", "told"),
    [
        (OWN_TOOL, "CountTool(limit=3)", "needs arguments"),
        ("from latest_news.x import y\n" + OWN_TOOL, "CountTool()", "imports latest_news from the project"),
        ("from .x import y\n" + OWN_TOOL, "CountTool()", "imports .x from the project"),
        (OWN_TOOL, "Other()", "neither a class of crewai_tools nor found"),
        (OWN_TOOL, "*more()", "only running it would tell"),
    ],
)
def test_a_tool_that_cannot_come_along_is_named(
    source: str, made: str, told: str, project: dict[str, str], bring: Bring
) -> None:
    imported = bring(with_tool(project, source, made))

    assert told in said(imported)
    assert not [file for file in imported.files if file.startswith("tools/")]


def test_a_shipped_tool_that_was_given_arguments_says_what_is_lost(
    project: dict[str, str], bring: Bring
) -> None:
    imported = bring(with_tool(project, OWN_TOOL, "FileReadTool(file_path='x')"))

    assert "the tool FileReadTool was made with file_path" in said(imported)
    assert "tools: [FileReadTool]" in imported.files["config/agents.yaml"]


def test_tools_named_in_the_file_are_followed_to_their_methods(
    project: dict[str, str], bring: Bring, loaded: Loaded
) -> None:
    project = edited(project, "  llm: gpt-4o\n", "  tools: [search]\n", f"{HOME}/config/agents.yaml")
    project = edited(
        project,
        "    @crew\n",
        "    @tool\n    def search(self):\n        return SerperDevTool()\n\n    @crew\n",
    )

    assert loaded(bring(project)).agents["writer"].tools == ["SerperDevTool"]


def test_several_crews_share_what_is_equal_and_rename_what_is_not(
    project: dict[str, str], bring: Bring, loaded: Loaded
) -> None:
    second = {name.replace("latest_news", "second"): text for name, text in project.items()}
    second["src/second/crew.py"] = second["src/second/crew.py"].replace("LatestNewsCrew", "SecondCrew")
    second["src/second/config/tasks.yaml"] = second["src/second/config/tasks.yaml"].replace("Ten", "Five")
    imported = bring({**project, **second})
    catalogue = loaded(imported)

    assert catalogue.problems == ()
    assert imported.crews == ("latest-news", "second")
    assert sorted(catalogue.agents) == ["researcher", "writer"]
    assert sorted(catalogue.tasks) == ["report", "research", "second_report", "second_research"]
    assert catalogue.tasks["second_report"].context == ["second_research"]
    assert "'research' says something else in another crew; renamed 'second_research'" in said(imported)


def test_files_without_a_class_are_taken_in_their_order(
    project: dict[str, str], bring: Bring, loaded: Loaded
) -> None:
    files = {name.replace(HOME, "."): text for name, text in project.items() if name.endswith(".yaml")}
    imported = bring(files)

    assert loaded(imported).problems == ()
    assert imported.crews == ("old",)
    assert "no @CrewBase class puts these tasks together" in said(imported)


def test_names_that_no_catalogue_takes_are_written_plainly(
    project: dict[str, str], bring: Bring, loaded: Loaded
) -> None:
    file = f"{HOME}/config/tasks.yaml"
    project = edited(project, "report:", "relatório final:", file)
    project = edited(project, "tasks_config['report']", "tasks_config['relatório final']")
    imported = bring(project)

    assert loaded(imported).problems == ()
    assert "'relatório final' is no name for a catalogue; renamed 'relatorio_final'" in said(imported)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("researcher: [", "the file is not YAML"),
        ("- one\n- two\n", "the file is not a mapping of names"),
        ("a: " + "[" * 5000, "the file is not YAML"),
        ("a: " + "[" * 200 + "]" * 200, "nests them too deep"),
        (
            "a: &a [x, x, x, x, x, x, x, x, x]\n"
            + "".join(
                f"{c}: &{c} [{', '.join(f'*{p}' for _ in range(9))}]\n"
                for p, c in zip("abcdef", "bcdefg", strict=True)
            ),
            "too many values",
        ),
        ("researcher: just text\n", "'researcher' is not a mapping of keys"),
        (
            "researcher: {role: {topic}, goal: g, backstory: b}\n",
            "'role' of agent 'researcher' has a value that does not fit",
        ),
        ("!!python/object/apply:os.system [x]", "not a mapping of names"),
    ],
)
def test_files_that_nobody_could_use_are_named(
    text: str, told: str, project: dict[str, str], bring: Bring
) -> None:
    assert told in said(bring({**project, f"{HOME}/config/agents.yaml": text}))


def test_code_that_does_not_parse_is_left_aside_and_named_if_it_held_a_crew(
    project: dict[str, str], bring: Bring
) -> None:
    imported = bring({**project, "src/broken.py": "def (", "src/old.py": "@CrewBase\nclass Old(:\n"})

    assert imported.crews == ("latest-news",)
    assert "src/old.py: the file is not Python that can be read" in said(imported)
    assert "src/broken.py" not in said(imported)


def test_a_path_that_leads_out_of_the_project_is_not_read(
    project: dict[str, str], bring: Bring, tmp_path: Path
) -> None:
    (tmp_path / "secret.yaml").write_text(project[f"{HOME}/config/agents.yaml"])
    project = edited(
        project,
        "class LatestNewsCrew():\n",
        "class LatestNewsCrew():\n    agents_config = '../../../secret.yaml'\n",
    )

    assert "../../../secret.yaml was not found" in said(bring(project))


def test_an_output_file_that_leads_elsewhere_is_left_out(project: dict[str, str], bring: Bring) -> None:
    for path in ("../x.md", "/etc/x", "out/{topic}.md"):
        imported = bring(edited(project, "out/report.md", path, f"{HOME}/config/tasks.yaml"))
        assert f"output_file {path!r} of task 'report' leads where crewctl does not write" in said(imported)


def test_a_folder_without_a_project_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="holds no @CrewBase class"):
        import_classic(tmp_path)
    with pytest.raises(NotFoundError, match="there is no folder"):
        import_classic(tmp_path / "nowhere")


def test_writing_never_overwrites(project: dict[str, str], bring: Bring, tmp_path: Path) -> None:
    imported = bring(project)
    standing = tmp_path / "new" / "config" / "agents.yaml"
    standing.parent.mkdir(parents=True)
    standing.write_text("mine")

    with pytest.raises(UsageError, match=r"config/agents\.yaml would be overwritten"):
        write_new(imported.files, tmp_path / "new")
    assert standing.read_text() == "mine"
    assert not (tmp_path / "new" / "config" / "tasks.yaml").exists()


def test_a_link_to_nowhere_is_in_the_way_of_writing_too(tmp_path: Path) -> None:
    (tmp_path / "a.txt").symlink_to(tmp_path / "elsewhere.txt")

    with pytest.raises(UsageError, match=r"a\.txt would be overwritten"):
        write_new({"a.txt": "text"}, tmp_path)
    assert not (tmp_path / "elsewhere.txt").exists()
