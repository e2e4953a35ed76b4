"""What a plan asks of the machine: versions, environment, list prices and files of the project."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from crewctl.adapters.genai_price_list import list_price
from crewctl.adapters.installed_packages import LARGEST_FILE, InstalledWorld
from crewctl.planning.plan import Price
from crewctl.planning.port import World
from crewctl.testing.fake_world import FakeWorld


@pytest.fixture(params=["fake", "installed"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    """Both worlds, holding the same."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "a.yaml").write_bytes(b"- say: hi\n")
    environ = {"SET": "value"}
    if request.param == "installed":
        return InstalledWorld(tmp_path, environ)
    price = Price(input=2_500_000, output=10_000_000, source=f"genai-prices {version('genai-prices')}")
    return FakeWorld(
        versions={"crewai": version("crewai")},
        environ=environ,
        prices={"openai/gpt-4o": price},
        files={"scripts/a.yaml": b"- say: hi\n"},
    )


def test_a_world_answers_what_it_knows_and_none_for_the_rest(world: World) -> None:
    assert world.version("crewai") == version("crewai")
    assert world.version("no-such-distribution") is None
    assert world.environment("SET") == "value"
    assert world.environment("NOT_SET") is None
    assert world.project_file("scripts/a.yaml") == b"- say: hi\n"
    assert world.project_file("scripts/b.yaml") is None
    price = world.price("openai/gpt-4o", None)
    assert price is not None
    assert (price.input, price.output) == (2_500_000, 10_000_000)
    assert world.price("openai/gpt-4o", "https://example.eu/v1") is None
    assert world.price("openai/nobody-knows-this-one", None) is None


@pytest.mark.parametrize(
    "file",
    [
        "../secret",
        "/etc/passwd",
        "",
        ".",
        "..",
        "a/../../secret",
        "link",
        "folder",
        "pipe",
        "large",
        "linked/secret",
        "nul\0",
        "folder/..",
    ],
)
def test_no_file_outside_of_the_project_and_nothing_odd_is_read(tmp_path: Path, file: str) -> None:
    root = tmp_path / "project"
    (root / "folder").mkdir(parents=True)
    (tmp_path / "secret").write_text("secret")
    (root / "link").symlink_to("../secret")
    (root / "linked").symlink_to("..")
    os.mkfifo(root / "pipe")
    (root / "large").write_bytes(b"x" * (LARGEST_FILE + 1))
    assert InstalledWorld(root, {}).project_file(file) is None


@pytest.mark.parametrize(
    "model",
    [
        "openai/nobody-knows-this-one",
        "ollama/llama3.1",
        "no-such-provider/x",
        "gpt-4o",
        "",
        "/",
        "openai/",
        "perplexity/sonar",  # charged by the request, too
        "litellm/x",
    ],
)
def test_a_price_that_is_not_certain_is_unknown(model: str) -> None:
    assert list_price(model, None) is None


@pytest.mark.parametrize("model", ["anthropic/claude-sonnet-4-5", "claude/claude-sonnet-4-5"])
def test_of_several_tiers_the_dearest_counts(model: str) -> None:
    price = list_price(model, None)
    assert price is not None
    assert price.input >= 3_000_000
    assert price.output > price.input
    assert price.source.startswith("genai-prices ")


def test_crewais_names_of_providers_are_understood() -> None:
    assert list_price("gemini/gemini-2.5-pro", None) == list_price("google/gemini-2.5-pro", None) is not None


def test_the_price_list_is_not_imported_before_a_price_is_asked_for() -> None:
    code = "import sys, crewctl.adapters.installed_packages; print('genai_prices' in sys.modules)"
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert said.stdout == "False\n"
