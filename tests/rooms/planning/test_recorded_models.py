"""A model that a run's recording answers for is planned as it was then, and bound to that very recording."""

from __future__ import annotations

from typing import Any

import pytest

from crewctl.planning.findings import InvalidPlanError
from crewctl.planning.make_plan import make_plan
from crewctl.planning.plan import Plan, PlannedModel, PlannedRecording
from crewctl.planning.port import RecordedModel, RunRecording
from crewctl.testing.fake_world import FakeWorld
from crewctl.testing.sample_catalogue import sample_catalogue

RUN = "20261121-091502-7f3a"
THEN = PlannedModel(
    name="standard",
    kind="provider",
    model="openai/gpt-4o",
    base_url="https://models.example/v1",
    api_key_env="A_KEY",
    temperature=0.25,
    stream=True,
    max_output_tokens=900,
)


def recording(digest: str = "d" * 64, **models: PlannedModel) -> RunRecording:
    return RunRecording({name: RecordedModel(model, digest) for name, model in models.items()})


def plan(recorded: RunRecording | None, **model: Any) -> Plan:
    models = {"default": {"model": "offline"}, "judge": {"model": "offline"}}
    catalogue = sample_catalogue(models=models | {"standard": {"replay": RUN, **model}})
    world = FakeWorld(recordings={} if recorded is None else {RUN: recorded})
    return make_plan(catalogue, "brief", {"company": "Acme"}, world)


def test_a_recorded_model_is_the_model_of_then_and_asks_nobody() -> None:
    found = plan(recording(standard=THEN, other=THEN)).model("standard")
    assert found.kind == "recorded"
    assert found.simulated
    assert (found.model, found.base_url, found.temperature, found.stream) == (
        "openai/gpt-4o",
        "https://models.example/v1",
        0.25,
        True,
    )
    assert found.api_key_env is None
    assert found.price is not None
    assert (found.price.input, found.price.output) == (0, 0)
    assert found.recorded == PlannedRecording(run=RUN, model="standard", sha256="d" * 64, kind="provider")


def test_the_runs_only_model_answers_whatever_it_is_called() -> None:
    found = plan(recording(house=THEN.model_copy(update={"name": "house"}))).model("standard")
    assert found.recorded is not None
    assert found.recorded.model == "house"


def test_another_recording_is_another_plan() -> None:
    """An approval is of the very answers that will be given."""
    one, other = plan(recording("d" * 64, standard=THEN)), plan(recording("e" * 64, standard=THEN))
    assert one.crew_digest != other.crew_digest


@pytest.mark.parametrize(
    ("recorded", "said"),
    [
        (None, f"there is no run '{RUN}' in this project"),
        (recording(one=THEN, two=THEN), f"run {RUN} recorded no model 'standard'"),
        (RunRecording({}, f"run {RUN} recorded no exchange with any model"), "recorded no exchange"),
    ],
)
def test_a_run_that_cannot_answer_is_a_problem_at_its_place(recorded: RunRecording | None, said: str) -> None:
    with pytest.raises(InvalidPlanError) as caught:
        plan(recorded)
    (problem,) = caught.value.problems
    assert problem.rule == "no-recording"
    assert said in problem.message
    assert problem.span.file == "config/models.yaml"
