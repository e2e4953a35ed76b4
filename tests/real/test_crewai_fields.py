"""The table of CrewAI's fields against the CrewAI that is installed."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from crewctl.adapters.zygote_environment import zygote_environment
from crewctl.catalogue.crewai_fields import CREWAI_FIELDS, CREWAI_VERSION, Kind
from crewctl.catalogue.placeholders import placeholders

pytestmark = pytest.mark.real

TEXTS = ['{a} {b-c} {_d} { e } {1f} {"g": 1} {} {{h}} {i j}', "{é} {A9} {a.b} {-a}"]
# CrewAI warns while it is imported, and warnings are errors here: a process of its own tells.
ASK = """
import json, sys
import crewai
from crewai.utilities.string_utils import _VARIABLE_PATTERN
classes = {"agent": crewai.Agent, "task": crewai.Task, "crew": crewai.Crew}
plain = (bool, int, str, type(None))
fields = {
    kind: {name: field.default if isinstance(field.default, plain) else "..." for name, field in made.model_fields.items()}
    for kind, made in classes.items()
}
found = [_VARIABLE_PATTERN.findall(text) for text in json.loads(sys.argv[1])]
print(json.dumps({"version": crewai.__version__, "fields": fields, "found": found}))
"""


@pytest.fixture(scope="module")
def crewai(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    environment = zygote_environment({}, tmp_path_factory.mktemp("home"))
    command = [sys.executable, "-I", "-W", "ignore", "-c", ASK, json.dumps(TEXTS)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_the_table_is_about_the_installed_version(crewai: dict[str, Any]) -> None:
    assert crewai["version"] == CREWAI_VERSION


@pytest.mark.parametrize("kind", ["agent", "task", "crew"])
def test_the_table_names_every_field_and_no_other(kind: Kind, crewai: dict[str, Any]) -> None:
    assert set(CREWAI_FIELDS[kind]) == set(crewai["fields"][kind])


@pytest.mark.parametrize("kind", ["agent", "task", "crew"])
def test_a_value_that_is_accepted_without_effect_is_crewais_own_default(
    kind: Kind, crewai: dict[str, Any]
) -> None:
    for name, field in CREWAI_FIELDS[kind].items():
        if len(field.off) > 1:
            assert crewai["fields"][kind][name] in field.off, name


def test_a_placeholder_is_what_crewai_takes_for_one(crewai: dict[str, Any]) -> None:
    assert [[name for name, _, _ in placeholders(text)] for text in TEXTS] == crewai["found"]
