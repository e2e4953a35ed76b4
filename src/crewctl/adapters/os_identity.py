"""Who is at the keyboard, as far as the operating system and git say: a name, never a proof."""

from __future__ import annotations

import os
import pwd
import socket
import subprocess
from pathlib import Path

from crewctl.approval.statement import Approver

GIT_SECONDS = 2.0
LONGEST_EMAIL = 254


def os_approver(folder: Path) -> Approver:
    """Return the user whose process this is, with git's e-mail for `folder` as a mere claim."""
    return Approver(
        name=user_name(), identity="os_user", git_email=_git_email(folder), host=socket.gethostname()
    )


def user_name() -> str:
    """Return the name of the process's real user; variables such as USER, which anybody can set, don't count."""
    number = os.getuid()
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
