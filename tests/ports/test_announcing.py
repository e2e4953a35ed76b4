"""Between its first event and its beginning, a run is taken for lost by nobody, on no machine that shares its database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crewctl.adapters.lost_runs import close_lost_runs
from crewctl.audit.events import Event, KickoffRequested, PlanMade, Recorded, RunClosed
from crewctl.audit.events_work import RunEnqueued, RunTaken
from crewctl.errors import InvalidError, StoreError
from crewctl.testing.small_plans import small_model, small_plan
from crewctl.wiring.announcing import KnownKeyError, announced, enqueue
from crewctl.wiring.attended import is_attended
from crewctl.wiring.database import VARIABLE
from crewctl.wiring.project import Project

if TYPE_CHECKING:
    from conftest import Place

PLAN = small_plan(models=(small_model(None),))


def asked(key: str | None = None, *, detached: bool = False) -> KickoffRequested:
    """Return a request from a machine of which the others know nothing."""
    return KickoffRequested(crew="brief", by="ada", host="machine-a", pid=1, key=key, detached=detached)


class Machines:
    """Makes projects that share a database, each as another machine's."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._made: list[Project] = []

    def __call__(self) -> Project:
        made = Project(self._root)
        self._made.append(made)
        return made

    def close(self) -> None:
        """Let go of all locks and connections."""
        for project in self._made:
            project.locks.close()
            project.store.close()


@pytest.fixture
def machines(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machines]:
    monkeypatch.setenv(VARIABLE, place.environ[VARIABLE])
    made = Machines(place.root)
    yield made
    made.close()


def kinds(project: Project, run_id: str) -> list[str]:
    return [record.event.kind for record in project.store.events_of(run_id)]


def test_a_run_that_is_about_to_begin_is_not_lost_for_another_machine(machines: Machines) -> None:
    here, there = machines(), machines()
    with announced(here, PLAN, asked()) as run_id:
        assert there.close_lost_runs() == ()
        assert is_attended(there, run_id)
        assert kinds(there, run_id) == ["KickoffRequested", "PlanMade"]
    assert there.close_lost_runs() == (run_id,), "and one that never began is"


def test_a_run_that_is_about_to_be_on_the_queue_is_not_lost(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = machines(), machines()
    append, looks = here.store.append, list[Sequence[str]]()

    def looked_at(run_id: str, event: Event) -> Recorded:
        before = append(run_id, event) if not isinstance(event, RunEnqueued) else None
        looks.append(there.close_lost_runs())
        return before or append(run_id, event)

    monkeypatch.setattr(here.store, "append", looked_at)
    run_id = enqueue(here, PLAN, asked(detached=True))

    assert looks == [()] * 3
    assert kinds(there, run_id) == ["KickoffRequested", "PlanMade", "RunEnqueued"]
    assert there.close_lost_runs() == ()


@pytest.mark.parametrize("begun", [RunEnqueued(), RunTaken(executor="w", host="h", pid=1, epoch=1)])
def test_a_run_that_was_begun_since_it_was_listed_is_not_closed(
    machines: Machines, begun: RunEnqueued | RunTaken
) -> None:
    here, there = machines(), machines()
    with announced(here, PLAN, asked()) as run_id:
        listed = there.store.mortal_run_ids()
        here.store.append(run_id, begun)

    class Listed(type(there.store)):  # type: ignore[misc]
        """A store that was asked a moment ago."""

        def mortal_run_ids(self) -> Sequence[str]:
            return listed

    assert listed == (run_id,)
    assert close_lost_runs(there.root, Listed(there.database), there.contents, there.locks) == ()
    assert not any(isinstance(record.event, RunClosed) for record in there.store.events_of(run_id))


def test_of_two_who_ask_with_one_key_the_second_is_told_while_the_first_is_only_beginning(
    machines: Machines,
) -> None:
    here, there = machines(), machines()
    with announced(here, PLAN, asked("monday")) as run_id:
        with pytest.raises(KnownKeyError) as known, announced(there, PLAN, asked("monday")):
            pass
        assert known.value.run_id == run_id
        other = PLAN.model_copy(update={"inputs_digest": "other"})
        with (
            pytest.raises(InvalidError, match="was used with other inputs"),
            announced(there, other, asked("monday")),
        ):
            pass
    assert kinds(there, run_id) == ["KickoffRequested", "PlanMade"]


def test_a_run_whose_asker_died_before_it_was_on_the_queue_is_put_there_by_the_next_with_its_key(
    machines: Machines,
) -> None:
    here, there = machines(), machines()
    with announced(here, PLAN, asked("monday", detached=True)) as run_id:
        pass

    assert enqueue(there, PLAN, asked("monday", detached=True)) == run_id
    assert enqueue(there, PLAN, asked("monday", detached=True)) == run_id
    assert kinds(there, run_id) == ["KickoffRequested", "PlanMade", "RunEnqueued"]


def test_what_one_person_began_to_ask_for_is_not_asked_for_by_another_in_his_name(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is named as the asker of a run may be told apart from its approver by that name."""
    here, there = machines(), machines()
    append = here.store.append

    def until_the_plan(run_id: str, event: Event) -> Recorded:
        if isinstance(event, PlanMade):
            raise KeyboardInterrupt
        return append(run_id, event)

    monkeypatch.setattr(here.store, "append", until_the_plan)
    with pytest.raises(KeyboardInterrupt), announced(here, PLAN, asked("k")):
        pass
    bob = asked("k").model_copy(update={"by": "bob"})
    with pytest.raises(StoreError, match="ada had begun to ask for run"), announced(there, PLAN, bob):
        pass
    with announced(there, PLAN, asked("k")) as run_id:
        assert kinds(there, run_id) == ["KickoffRequested", "PlanMade"]
