"""Classic projects, written into a folder of the test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from crewctl.adapters.classic_project import import_classic
from crewctl.adapters.imported_project import Imported
from crewctl.adapters.new_files import write_new
from crewctl.catalogue.catalogue import Catalogue
from crewctl.catalogue.load import load_catalogue

AGENTS = """\
# who works here
researcher:
  role: >
    {topic} Senior Researcher
  goal: >
    Uncover developments in {topic}

    and "quote" them: {"a": 1}
  backstory: |
      You're a seasoned researcher — naïve never.
        Indented, too.
  verbose: true

writer:
  role: Writer
  goal: 'Say it''s so'
  backstory: "A writer\\nof two lines"
  llm: gpt-4o
  allow_delegation: "true"
"""
TASKS = """\
research:
  description: >
    Research {topic} in {year}
  expected_output: >
    Ten bullets
  agent: researcher

report:
  description: >+
    Write it up


  expected_output: A report
  agent: writer
  context:
    - research
  output_file: out/report.md"""
CREW = '''\
from crewai import Agent, Crew, Process, Task
from crewai.project import CrewBase, agent, crew, task

@CrewBase
class LatestNewsCrew():
    """Finds the news"""

    @agent
    def researcher(self) -> Agent:
        return Agent(config=self.agents_config['researcher'], verbose=True)

    @agent
    def writer(self) -> Agent:
        return Agent(config=self.agents_config['writer'])

    @task
    def research(self) -> Task:
        return Task(config=self.tasks_config['research'])

    @task
    def report(self) -> Task:
        return Task(config=self.tasks_config['report'])

    @crew
    def crew(self) -> Crew:
        return Crew(agents=self.agents, tasks=self.tasks, process=Process.sequential, verbose=True)
'''
MAIN = """\
from latest_news.crew import LatestNewsCrew

def run():
    inputs = {'topic': 'AI LLMs', 'year': str(2024 + 1)}
    LatestNewsCrew().crew().kickoff(inputs=inputs)
"""
HOME = "src/latest_news"
PROJECT = {
    f"{HOME}/config/agents.yaml": AGENTS,
    f"{HOME}/config/tasks.yaml": TASKS,
    f"{HOME}/crew.py": CREW,
    f"{HOME}/main.py": MAIN,
}

Bring = Callable[[Mapping[str, str]], Imported]


@pytest.fixture
def bring(tmp_path: Path) -> Bring:
    """Write the files of a classic project and import it."""

    def do(files: Mapping[str, str]) -> Imported:
        root = tmp_path / "old"
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        return import_classic(root)

    return do


@pytest.fixture
def loaded(tmp_path: Path) -> Callable[[Imported], Catalogue]:
    """Write what was imported and load it as a catalogue."""

    def do(imported: Imported) -> Catalogue:
        write_new(imported.files, tmp_path / "new")
        return load_catalogue(tmp_path / "new")

    return do


@pytest.fixture
def project() -> dict[str, str]:
    """The files of a whole classic project, to be changed by the test."""
    return dict(PROJECT)
