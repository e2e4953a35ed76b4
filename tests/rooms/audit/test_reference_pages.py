"""The reference pages on events and the report say what the models say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

from crewctl.audit.events import Event
from crewctl.audit.log_lines import log_line
from crewctl.audit.reference_pages import events_page, report_page
from crewctl.testing.account_samples import Teller, sample_plan
from crewctl.testing.fake_store import FakeRunStore

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"


@pytest.mark.parametrize(("file", "page"), [("events.md", events_page), ("report.md", report_page)])
def test_the_page_is_made_from_the_models(file: str, page: Callable[[], str], update_golden: bool) -> None:  # noqa: FBT001 - a fixture
    if update_golden:
        (REFERENCE / file).write_text(page(), encoding="utf-8")

    assert (REFERENCE / file).read_text(encoding="utf-8") == page()


def test_every_kind_of_event_has_its_section() -> None:
    page = events_page()

    assert all(f"\n## {kind.__name__}\n" in page for kind in get_args(get_args(Event)[0]))


def test_a_line_of_the_log_is_one_short_line(store: FakeRunStore, teller: Teller) -> None:
    teller.begins(sample_plan()).closes("failed", 1, error="many\nlines\r" + "x" * 5000)

    line = log_line(store.events_of("r1")[-1])

    assert r"many\nlines\x0d" in line
    assert len(line) == 501
    assert line.endswith("…")
