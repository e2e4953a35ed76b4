"""A project without a policy is told so, once a command, with the way to one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crewctl.cli.fresh_project import TEMPLATE

Call = Callable[..., Any]
PLAN = ("plan", "company-brief", "-i", "company=Acme")


@pytest.mark.parametrize("command", [("check",), ("check", "-o", "json"), PLAN, (*PLAN, "-o", "json")])
def test_without_a_policy_it_is_said_once_that_nothing_is_limited(
    call: Call, project: Path, command: tuple[str, ...]
) -> None:
    with_policy = call(*command, cwd=project)
    (project / "registry/policy.yaml").unlink()
    without = call(*command, cwd=project)
    again = call(*command, cwd=project)

    assert with_policy.code == without.code == 0
    assert "policy" not in with_policy.err
    assert without.err.count("There is no registry/policy.yaml: nothing limits") == 1
    assert without.err.endswith("Next: crewctl new policy\n")
    assert again.err == without.err


def test_a_new_policy_is_the_one_that_projects_start_with(call: Call, project: Path) -> None:
    policy = project / "registry/policy.yaml"
    policy.unlink()

    assert call("new", "policy", cwd=project).code == 0
    assert policy.read_bytes() == (TEMPLATE / "registry/policy.yaml").read_bytes()
    assert call("check", cwd=project).err.startswith("no problems in ")

    policy.write_text("limits: {max_turns: 3}\n", encoding="utf-8")
    refused = call("new", "policy", cwd=project)
    assert "choose another name" not in refused.err, "there is one policy"
    assert refused.code == 2
    assert "registry/policy.yaml exists already" in refused.err
    assert policy.read_text(encoding="utf-8") == "limits: {max_turns: 3}\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("policy", "strict"), "there is one policy, and it has no name"),
        (("agent",), "the new agent needs a name"),
    ],
)
def test_only_a_policy_has_no_name(call: Call, project: Path, words: tuple[str, ...], told: str) -> None:
    refused = call("new", *words, cwd=project)
    assert refused.code == 2
    assert told in refused.err
