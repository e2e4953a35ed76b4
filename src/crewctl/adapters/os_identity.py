"""Who is at the keyboard, as far as the operating system and git say: a name, never a proof."""

from __future__ import annotations

import os
import pwd
import socket
import subprocess
from pathlib import Path

from crewctl.approval.statement import Approver

GIT_SECONDS = 2.0
LOGIN_UID = Path("/proc/self/loginuid")
NOBODY_LOGGED_IN = 2**32 - 1
LONGEST_EMAIL = 254


def os_approver(folder: Path) -> Approver:
    """Return the user whose process this is, with git's e-mail for `folder` as a mere claim."""
    return Approver(
        name=user_name(), identity="os_user", git_email=_git_email(folder), host=socket.gethostname()
    )


def os_person(folder: Path) -> Approver:
    """Return who logged in, the same under sudo: for what one person says and another has to take back."""
    return os_approver(folder).model_copy(update={"name": login_name()})


def user_name() -> str:
    """Return the name of the process's real user; variables such as USER, which anybody can set, don't count."""
    return name_of(os.getuid())


def login_name(audited: Path = LOGIN_UID) -> str:
    """Return the name of whoever logged in, which stays the same under sudo; else the process's real user.

    Linux keeps it for its audit trail: a login sets it once, and without a privilege nobody changes it. So
    several people who act as one account are still told apart.
    """
    try:
        number = int(audited.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return user_name()
    return user_name() if number == NOBODY_LOGGED_IN else name_of(number)


def name_of(number: int) -> str:
    """Return the name of the user with this number: ``uid 1234`` where the system knows of none."""
    try:
        name = pwd.getpwuid(number).pw_name
    except KeyError:
        return f"uid {number}"
    # A name that is no UTF-8 could not be written into a statement.
    return name.encode("utf-8", "replace").decode()


def _git_email(folder: Path) -> str | None:
    try:
        said = subprocess.run(
            ["git", "-C", str(folder), "config", "--get", "user.email"],
            capture_output=True,
            timeout=GIT_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    email = said.stdout.decode("utf-8", "replace").strip()
    return email if said.returncode == 0 and 0 < len(email) <= LONGEST_EMAIL else None
