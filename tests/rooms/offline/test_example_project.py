"""The example project at the root is what a fresh project is: without a problem, and worth reading offline."""

from __future__ import annotations

from pathlib import Path

import pytest

from crewctl.adapters import offline_text as prose
from crewctl.adapters.offline_model import answer
from crewctl.catalogue.catalogue import Catalogue
from crewctl.catalogue.load import load_catalogue
from crewctl.catalogue.placeholders import fill
from crewctl.catalogue.specs.crew_spec import MarketCrew

ROOT = Path(__file__).parents[3]
INPUTS: dict[str, str | int | float | bool] = {
    "company": "Acme Corp",
    "first_name": "Elena",
    "reader": "the head of sales",
    "purpose": "a partnership",
}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(ROOT)


def written(catalogue: Catalogue, agent: str, task: str, context: str = "") -> str:
    """Ask the offline model as CrewAI would."""
    who, what = catalogue.agents[agent], catalogue.tasks[task]
    told = f"\n\nThis is the context you're working with:\n{context}" if context else ""
    return answer(
        [
            {
                "role": "system",
                "content": fill(
                    f"You are {who.role}. {who.backstory}\nYour personal goal is: {who.goal}", INPUTS
                ),
            },
            {
                "role": "user",
                "content": fill(
                    f"\nCurrent Task: {what.description}\n\nThis is the expected criteria for your final answer: "
                    f"{what.expected_output}\nyou MUST return the actual complete content as the final answer, "
                    f"not a summary.{told}\n\nProvide your complete response:",
                    INPUTS,
                ),
            },
        ]
    ).text


def test_check_has_nothing_to_say(catalogue: Catalogue) -> None:
    assert catalogue.problems == ()


def test_there_is_a_crew_for_each_process_with_an_entry_and_only_the_market_needs_a_yes(
    catalogue: Catalogue,
) -> None:
    assert {name: crew.process for name, crew in catalogue.crews.items()} == {
        "company-brief": "sequential",
        "due-diligence": "hierarchical",
        "outreach-email": "market",
    }
    overseen = {name for name, entry in catalogue.entries.items() if entry.human_oversight_required}
    assert (set(catalogue.entries), overseen) == (set(catalogue.crews), {"outreach-email"})


def test_every_text_keeps_to_the_words_that_its_task_allows(catalogue: Catalogue) -> None:
    research = written(catalogue, "researcher", "research")
    brief = written(catalogue, "brief_writer", "write_brief", research)

    assert 100 < len(prose.words(research)) <= 350
    assert 100 < len(prose.words(brief)) <= 250
    assert prose.headings(research) == ["Recent news", "Hiring signals", "The tech stack"]


def test_the_drafts_are_e_mails_of_three_kinds(catalogue: Catalogue) -> None:
    crew = catalogue.crews["outreach-email"]
    assert isinstance(crew, MarketCrew)
    research = written(catalogue, "researcher", "research")
    drafts = [written(catalogue, who, "draft_email", research) for who in crew.market.contestants]

    openings = {prose.sentences(draft)[2] for draft in drafts}
    assert len(openings) == 3
    for draft in drafts:
        assert "Hello Elena," in draft
        assert "Acme Corp" in draft
        assert 100 < len(prose.words(draft)) <= 220
