"""What a child is given of its parent's environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from crewctl.adapters.zygote_environment import all_secrets, secrets_for, zygote_environment
from crewctl.running.port import ModelCall
from crewctl.testing.small_plans import small_model, small_plan

CALL = ModelCall(step="s", agent="a", model="model", purpose="judge", messages=())


def test_a_child_gets_the_key_that_its_model_names() -> None:
    plan = small_plan(models=(small_model("http://x", name="model", api_key_env="OPENAI_API_KEY"),))

    assert secrets_for(plan, CALL, {"OPENAI_API_KEY": "k", "OTHER": "o"}) == {"OPENAI_API_KEY": "k"}


@pytest.mark.parametrize("name", ["CREWCTL_DATABASE", "CREWCTL_WEBHOOK_SECRET", "PGPASSWORD"])
def test_what_is_crewctls_own_is_no_models_key(name: str) -> None:
    """Whoever writes a model's file also says where its key is sent."""
    plan = small_plan(models=(small_model("http://x", name="model", api_key_env=name),))

    assert secrets_for(plan, CALL, {name: "postgresql://u:p@h/d"}) == {}
    assert all_secrets(plan, {name: "postgresql://u:p@h/d"}) == ("postgresql://u:p@h/d",)


def test_the_zygote_knows_nothing_of_the_database(tmp_path: Path) -> None:
    given = zygote_environment({"CREWCTL_DATABASE": "postgresql://u:p@h/d", "PGPASSWORD": "p"}, tmp_path)

    assert not {"CREWCTL_DATABASE", "PGPASSWORD"} & set(given)
