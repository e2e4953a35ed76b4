"""A run is done with the packages that it was planned and approved with, or not at all."""

from __future__ import annotations

import pytest

from crewctl.errors import EngineError
from crewctl.testing.fake_world import FakeWorld
from crewctl.testing.small_plans import small_model, small_plan
from crewctl.wiring.packages import refuse_other_packages


def test_a_worker_with_another_crewai_refuses_the_run() -> None:
    plan = small_plan(models=(small_model(None),)).model_copy(update={"versions": {"crewai": "1.15.30"}})

    refuse_other_packages(plan, FakeWorld(versions={"crewai": "1.15.30"}), "r")
    with pytest.raises(EngineError, match=r"planned with crewai 1\.15\.30, and here is 1\.16\.0"):
        refuse_other_packages(plan, FakeWorld(versions={"crewai": "1.16.0"}), "r")
    with pytest.raises(EngineError, match="here is absent"):
        refuse_other_packages(plan, FakeWorld(versions={}), "r")
