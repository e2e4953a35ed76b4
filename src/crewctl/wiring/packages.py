"""Whether a run was planned with the packages that are installed here: if not, it is left to whoever has them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from crewctl.adapters.installed_packages import InstalledWorld, installed_now
from crewctl.audit.events import PlanMade
from crewctl.errors import CrewctlError, EngineError, LostDatabaseError, NotFoundError, StoreError
from crewctl.planning.digest import is_plan_of, plan_from_bytes
from crewctl.planning.kept_plan import OtherPackage, other_package, packages_of

if TYPE_CHECKING:
    from crewctl.planning.plan import Plan
    from crewctl.planning.port import World
    from crewctl.wiring.project import Project


class Packages:
    """The packages that this process works with: those that it plans with.

    To be made before the first import of CrewAI begins, so that `change` tells of every later one.
    """

    def __init__(self, world: World) -> None:
        self.versions = packages_of(world.version)

    @property
    def change(self) -> str:
        """Say which package was changed under this process since; empty while none was."""
        now = packages_of(installed_now)
        return next(
            (
                f"{name} {now[name]} took the place of {then}"
                for name, then in self.versions.items()
                if now[name] != then
            ),
            "",
        )

    def refuse_change(self) -> None:
        """Refuse to begin anything where another package was installed since; EngineError."""
        if change := self.change:
            raise EngineError(f"{change} since this command began", help="give the same command again")


class Fitting:
    """Tells which runs fit the packages that are here, and says once of each other run to whom it is left."""

    def __init__(self, project: Project, tell: Callable[[str], None]) -> None:
        self._project = project
        self._tell = tell
        self._fits: dict[str, bool] = {}

    def __call__(self, run_id: str) -> bool:
        """Tell whether this process may take the run up; not while that cannot be read, and asked anew then."""
        if run_id not in self._fits:
            try:
                other = other_package_of_run(self._project, run_id)
            except LostDatabaseError:
                raise
            except StoreError as problem:
                self._tell(f"trying again with run {run_id}: {problem.message}")
                return False
            self._fits[run_id] = other is None
            if other is not None:
                self._tell(f"left run {run_id} to a worker with {_said(other)}")
        return self._fits[run_id]

    def leaves(self, run_id: str) -> bool:
        """Tell whether the run is known to be another worker's."""
        return not self(run_id) and run_id in self._fits

    def remember_only(self, run_ids: Collection[str]) -> None:
        """Forget the runs that fit and are not among these; a run that was left is never told of again."""
        self._fits = {run: fits for run, fits in self._fits.items() if run in run_ids or not fits}


def other_package_of_run(project: Project, run_id: str) -> OtherPackage | None:
    """Return the package that keeps the run from being done here.

    None, too, where its plan is gone or not the one that was made: whoever takes it up closes it and says
    why. StoreError where it cannot be read now.
    """
    events = (record.event for record in project.store.events_of(run_id))
    made = next((event for event in events if isinstance(event, PlanMade)), None)
    if made is None:
        return None
    try:
        content = project.contents.get(made.plan)
    except NotFoundError:
        return None
    try:
        known = is_plan_of(content, made.crew_digest, made.inputs_digest)
        plan = plan_from_bytes(content) if known else None
    except CrewctlError:
        return None
    return None if plan is None else other_package(plan, InstalledWorld(project.root))


def awaited_packages(project: Project, run_id: str) -> str:
    """Say which packages an open run waits for that are not here; empty where it could go on here, or nobody can say."""
    try:
        other = other_package_of_run(project, run_id)
    except LostDatabaseError:
        raise
    except StoreError:
        return ""
    return "" if other is None else f"Run {run_id} goes on with a worker that has {_said(other)}."


def refuse_other_packages(plan: Plan, world: World, run_id: str) -> None:
    """Refuse to do a run with other packages than it was planned and approved with; EngineError."""
    if (other := other_package(plan, world)) is not None:
        raise EngineError(
            f"run {run_id} was planned with {other.name} {other.planned}, and here is {other.here}",
            help="go on with it where that is installed,"
            f" or plan it anew for what is here: crewctl rerun {run_id} --with-files",
        )


def _said(other: OtherPackage) -> str:
    return f"{other.name} {other.planned}; here is {other.here}"
