"""Looks at the machine: each check is one function that says what it found."""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import sqlite3
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, distribution, requires, version
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, NamedTuple

Status = Literal["ok", "weaker", "missing", "optional"]
PR_GET_CHILD_SUBREAPER = 37
OLDEST_SQLITE = (3, 35, 0)
PYTHONS = ((3, 11), (3, 13))
PROVIDERS = {
    "openai": ("openai", "openai/… models and every OpenAI-compatible server"),
    "anthropic": ("anthropic", "anthropic/… models"),
    "google.genai": ("google-genai", "gemini/… models"),
    "boto3": ("bedrock", "bedrock/… models"),
    "litellm": ("litellm", "models of any other provider"),
}
"""By the module that a provider needs: CrewAI's extra that installs it, and what it serves."""


class Finding(NamedTuple):
    """What one check found; only `missing` keeps crews from running."""

    check: str
    status: Status
    detail: str
    help: str = ""


def diagnose(root: Path | None) -> list[Finding]:
    """Make every check; `root` is the project, if the user stands in one."""
    findings = [check() for check in _CHECKS]
    return [*findings, *_providers(), _project(root), *_database(root), *_registry(root), *_breakers(root)]


def _python() -> Finding:
    fits = PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1]
    advice = "" if fits else "install Python 3.11, 3.12 or 3.13"
    return Finding("python", "ok" if fits else "missing", platform.python_version(), advice)


def _platform() -> Finding:
    system = platform.system()
    if system == "Linux":
        return Finding("platform", "ok", f"Linux {platform.release()}: a killed run leaves no process behind")
    return Finding(
        "platform",
        "weaker",
        f"{system}: a process that a tool detaches can outlive its run",
        "use Linux where that matters",
    )


def _subreaper() -> Finding:
    name = "child subreaper"
    try:
        answer = ctypes.c_int(0)
        failed = ctypes.CDLL(None, use_errno=True).prctl(
            PR_GET_CHILD_SUBREAPER, ctypes.byref(answer), 0, 0, 0
        )
    except (OSError, AttributeError):
        failed = -1
    if failed:
        return Finding(
            name, "weaker", "not available: a detached grandchild is not found", "use Linux 3.4 or newer"
        )
    return Finding(name, "ok", "available: a run's orphans are found and ended")


def _pidfd() -> Finding:
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (OSError, AttributeError):
        return Finding(
            "pidfd", "weaker", "not available: processes are watched by number", "use Linux 5.3 or newer"
        )
    return Finding("pidfd", "ok", "available: a process is never mistaken for another")


def _crewai() -> Finding:
    return _pinned("crewai")


def _crewai_tools() -> Finding:
    return _pinned("crewai-tools")


def _pinned(name: str) -> Finding:
    wanted = next((need.partition("==")[2] for need in _needs() if need.startswith(f"{name}==")), "")
    try:
        found = version(name)
    except PackageNotFoundError:
        return Finding(name, "missing", "not installed", f"pip install {name}=={wanted}")
    if wanted and found != wanted:
        told = f"{found}, but crewctl is tested with {wanted}"
        return Finding(name, "missing", told, f"pip install {name}=={wanted}")
    return Finding(name, "ok", f"{found}, the version crewctl is tested with")


def _needs() -> list[str]:
    try:
        return requires("crewctl") or []
    except PackageNotFoundError:
        return []


def _bytecode() -> Finding:
    try:
        files = distribution("crewai").files or []
    except PackageNotFoundError:
        return Finding("bytecode", "weaker", "crewai is not installed")
    source = next((file.locate() for file in files if str(file) == "crewai/crew.py"), None)
    compiled = source is not None and any((Path(str(source)).parent / "__pycache__").glob("crew.*.pyc"))
    if compiled:
        return Finding("bytecode", "ok", "crewai is compiled")
    advice = "install with --compile-bytecode, or run python -m compileall on site-packages"
    return Finding("bytecode", "weaker", "crewai is not compiled: the first run starts slowly", advice)


def _sqlite() -> Finding:
    fits = sqlite3.sqlite_version_info >= OLDEST_SQLITE
    advice = "" if fits else "use a Python built with SQLite 3.35 or newer"
    return Finding("sqlite", "ok" if fits else "missing", sqlite3.sqlite_version, advice)


def _ssh_keygen() -> Finding:
    found = shutil.which("ssh-keygen")
    if found:
        return Finding("ssh-keygen", "ok", found)
    return Finding("ssh-keygen", "optional", "not found; signed approvals will need it", "install OpenSSH")


def _git() -> Finding:
    found = shutil.which("git")
    if found:
        return Finding("git", "ok", found)
    return Finding("git", "optional", "not found; approvals are meant to be committed", "install git")


def _providers() -> Iterator[Finding]:
    for module, (extra, serves) in PROVIDERS.items():
        if _installed(module):
            yield Finding(f"provider {module}", "ok", serves)
        else:
            yield Finding(
                f"provider {module}",
                "optional",
                f"not installed; for {serves}",
                f"pip install 'crewai[{extra}]'",
            )


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _project(root: Path | None) -> Finding:
    if root is None:
        return Finding(
            "project",
            "optional",
            "you are not in a project",
            "run 'crewctl init', or name one with --project",
        )
    state = root / ".crewctl"
    try:
        state.mkdir(exist_ok=True)
        with tempfile.TemporaryFile(dir=state):
            return Finding("project", "ok", f"{state} can be written")
    except OSError as error:
        return Finding("project", "missing", f"{state}: {error.strerror}", "make the folder writable")


def _database(root: Path | None) -> Iterator[Finding]:
    """See whether the machine state's database can be used; what it is opened with is not shown."""
    if root is None:
        return
    from crewctl.errors import CrewctlError  # noqa: PLC0415 - only in a project
    from crewctl.wiring.database import open_database  # noqa: PLC0415 - only in a project

    try:
        yield Finding("database", "ok", open_database(root, os.environ).describe())
    except CrewctlError as error:
        yield Finding("database", "missing", error.message, error.help)


def _registry(root: Path | None) -> Iterator[Finding]:
    """Look for doors beside the one door: whoever can write an approval can approve."""
    folders = ("registry", "registry/approvals", "registry/entries", "registry/policy.yaml", ".crewctl")
    paths = [] if root is None else [root / folder for folder in folders if (root / folder).exists()]
    for path in paths:
        if path.stat().st_mode & stat.S_IWOTH:
            told = f"{path} can be written by everybody on this machine, and so can what decides on runs"
            yield Finding("registry", "weaker", told, f"chmod -R o-w {path}")


def _breakers(root: Path | None) -> Iterator[Finding]:
    """Name what nobody calls at the moment because it kept failing."""
    if root is None:
        return
    from crewctl.errors import CrewctlError  # noqa: PLC0415 - only in a project
    from crewctl.wiring.breakers import open_breakers  # noqa: PLC0415 - only in a project

    try:
        found = open_breakers(root)
    except CrewctlError as error:
        yield Finding("breakers", "weaker", error.message, error.help)
        return
    for each in found:
        told = f"{each.target} failed {each.failures} times and is left alone until {each.until:%H:%M:%S} UTC"
        yield Finding("breaker", "weaker", told, "wait, or see whether the endpoint or tool is down")


_CHECKS: tuple[Callable[[], Finding], ...] = (
    _python,
    _platform,
    _subreaper,
    _pidfd,
    _crewai,
    _crewai_tools,
    _bytecode,
    _sqlite,
    _ssh_keygen,
    _git,
)
