"""A model that a run's recording answers for: whether the run can is told by check, at its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from crewctl.catalogue.load import load_catalogue
from crewctl.catalogue.recordings import Recording
from crewctl.diagnostics.problem import Problem, Severity
from crewctl.errors import StoreError

Make = Callable[..., Path]
RUN, OTHER = "20261121-091502-7f3a", "20261121-091502-7f3b"


class Recorded(NamedTuple):
    """What a run recorded, as the port gives it."""

    models: Mapping[str, object]
    why: str = ""


def found(make: Make, files: Mapping[str, str], **runs: Recorded) -> tuple[Problem, ...]:
    """Return the problems of a project whose store has `runs`, by the last sign of their ids."""

    def look(run: str) -> Recording | None:
        return runs.get(run[-1])

    return load_catalogue(make(files), recordings=look).problems


def models(text: str) -> dict[str, str]:
    return {"config/models.yaml": text}


WRITER = "writer:\n  role: Writer\n  goal: Write about {company}\n  backstory: You write.\n  llm: %s\n"


def test_a_run_that_recorded_the_model_is_no_problem(make: Make) -> None:
    assert found(make, models(f"default: {{replay: {RUN}}}\n"), a=Recorded({"default": 1, "judge": 1})) == ()


def test_a_run_that_is_not_there_is_told_where_it_is_named(make: Make) -> None:
    (problem,) = found(make, models(f"default: {{replay: {RUN}}}\n"))
    assert problem.rule == "no-recording"
    assert problem.message == f"there is no run '{RUN}' in this project"
    assert (problem.span.file, problem.span.line, problem.span.column) == ("config/models.yaml", 1, 19)
    assert problem.severity is Severity.ERROR
    assert "crewctl runs" in problem.help


def test_a_recording_that_was_erased_says_so(make: Make) -> None:
    gone = Recorded({}, f"the recording of run {RUN} cannot be read: it has been erased")
    (problem,) = found(make, models(f"default: {{replay: {RUN}}}\n"), a=gone)
    assert "has been erased" in problem.message


def test_of_several_models_the_one_of_that_name_has_to_be_among_them(make: Make) -> None:
    (problem,) = found(make, models(f"default: {{replay: {RUN}}}\n"), a=Recorded({"one": 1, "two": 1}))
    assert problem.message == f"run {RUN} recorded no model 'default'"
    assert problem.label == "its models are: one, two"


@pytest.mark.parametrize("known", [{"default": 1, "tape": 1}, {"tape": 1, "two": 1}, {"only": 1}])
def test_any_name_on_the_way_or_the_only_model_answers(make: Make, known: dict[str, int]) -> None:
    assert found(make, models(f"default: tape\ntape: {{replay: {RUN}}}\n"), a=Recorded(known)) == ()


def test_what_the_first_entry_names_counts(make: Make) -> None:
    text = f"default: {{model: tape, replay: {RUN}}}\ntape: {{replay: {OTHER}}}\n"
    problems = found(make, models(text), a=Recorded({"default": 1}))
    assert [(problem.span.line, problem.message[:18]) for problem in problems] == [
        (1, "only a recorded mo"),
        (2, "there is no run '2"),
    ]


def test_an_agents_own_model_is_looked_up_too(make: Make) -> None:
    (problem,) = found(make, {"config/agents.yaml": WRITER % f"{{replay: {RUN}}}"})
    assert (problem.span.file, problem.span.line) == ("config/agents.yaml", 5)
    (problem,) = found(
        make, {"config/agents.yaml": WRITER % f"{{replay: {RUN}}}"}, a=Recorded({"a": 1, "b": 1})
    )
    assert problem.message == f"run {RUN} recorded no model 'writer.llm'"


def test_the_model_that_takes_over_is_looked_up_too(make: Make) -> None:
    text = f"default: {{model: offline, fallback: tape}}\ntape: {{replay: {RUN}}}\n"
    (problem,) = found(make, models(text), a=Recorded({"one": 1, "two": 1}))
    assert problem.message == f"run {RUN} recorded no model 'tape'"


def test_a_model_that_no_crew_uses_only_has_to_name_a_run_with_answers(make: Make) -> None:
    text = f"default: offline\ntape: {{replay: {RUN}}}\n"
    assert found(make, models(text), a=Recorded({"one": 1, "two": 1})) == ()
    assert len(found(make, models(text))) == 1


def test_nobody_is_asked_where_nobody_can_tell_or_nothing_is_replayed(make: Make) -> None:
    def never(run: str) -> Recording | None:
        raise AssertionError(run)

    assert load_catalogue(make(models(f"default: {{replay: {RUN}}}\n"))).problems == ()
    assert load_catalogue(make(models("default: offline\n")), recordings=never).problems == ()
    (problem,) = load_catalogue(make(models("default: {replay: newest}\n")), recordings=never).problems
    assert problem.message == "'newest' is not the id of a run"


def test_a_store_that_cannot_be_read_is_a_warning_and_asked_once(make: Make) -> None:
    asked = []

    def broken(run: str) -> Recording | None:
        asked.append(run)
        raise StoreError("the database is locked", help="try again")

    text = f"default: {{replay: {RUN}}}\nother: {{replay: {RUN}}}\n"
    problems = load_catalogue(make(models(text)), recordings=broken).problems
    assert [problem.severity for problem in problems] == [Severity.WARNING] * 2
    assert problems[0].message == f"whether run {RUN} has answers cannot be told: the database is locked"
    assert asked == [RUN]
