"""Who is at the keyboard: the login that Linux keeps, else the process's user."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from crewctl.adapters.os_identity import login_name, user_name


def test_whoever_logged_in_is_named_whatever_account_they_act_as(tmp_path: Path) -> None:
    other = next(user for user in pwd.getpwall() if user.pw_uid != os.getuid())
    (tmp_path / "loginuid").write_text(str(other.pw_uid))

    assert login_name(tmp_path / "loginuid") == other.pw_name != user_name()


@pytest.mark.parametrize("said", ["4294967295", "nobody", ""])
def test_where_nobody_logged_in_it_is_the_processs_user(said: str, tmp_path: Path) -> None:
    (tmp_path / "loginuid").write_text(said)

    assert login_name(tmp_path / "loginuid") == user_name()
    assert login_name(tmp_path / "absent") == user_name()


def test_a_login_without_an_account_is_named_by_its_number(tmp_path: Path) -> None:
    (tmp_path / "loginuid").write_text("3999999999")

    assert login_name(tmp_path / "loginuid") == "uid 3999999999"
