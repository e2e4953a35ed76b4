"""Whether a run was planned with the packages that are installed here: if not, it is left to whoever has them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from crewctl.adapters.installed_packages import InstalledWorld, installed_now
from crewctl.errors import CrewctlError, EngineError, LostDatabaseError
from crewctl.planning.kept_plan import OtherPackage, other_package, packages_of, plan_of

if TYPE_CHECKING:
    from crewctl.planning.plan import Plan
    from crewctl.planning.port import World
    from crewctl.wiring.project import Project


class Packages:
    """The packages that this process works with: those that were installed when it began."""

    def __init__(self) -> None:
        self.versions = packages_of(installed_now)

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


class Fitting:
    """Tells which runs fit the packages that are here, and says once of each other run to whom it is left."""

    def __init__(self, project: Project, tell: Callable[[str], None]) -> None:
        self._project = project
        self._tell = tell
        self._fits: dict[str, bool] = {}

    def __call__(self, run_id: str) -> bool:
        """Tell whether this process may take the run up."""
        if run_id not in self._fits:
            other = other_package_of_run(self._project, run_id)
            self._fits[run_id] = other is None
            if other is not None:
                self._tell(f"left run {run_id} to a worker with {_said(other)}")
        return self._fits[run_id]

    def remember_only(self, run_ids: Collection[str]) -> None:
        """Forget the runs that fit and are not among these; a run that was left is never told of again."""
        self._fits = {run: fits for run, fits in self._fits.items() if run in run_ids or not fits}


def other_package_of_run(project: Project, run_id: str) -> OtherPackage | None:
    """Return the package that keeps the run from being done here.

    None, too, where its plan cannot be read: whoever takes it up closes it and says why.
    """
    try:
        plan = plan_of(project.store.events_of(run_id), project.contents)
    except LostDatabaseError:
        raise
    except CrewctlError:
        return None
    return other_package(plan, InstalledWorld(project.root))


def awaited_packages(project: Project, run_id: str) -> str:
    """Say which packages an open run waits for that are not here; empty where it could go on here."""
    other = other_package_of_run(project, run_id)
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
