"""What the zygote imports ahead makes forking safe and a child's first call cheap."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.real


@pytest.mark.parametrize("tools", [False, True])
def test_warming_opens_nothing_and_leaves_one_thread(
    *, tools: bool, found_by: Callable[..., Any], tmp_path: Path
) -> None:
    found = found_by(tmp_path, "warm_facts.py", "tools" if tools else "bare")

    assert found["connections"] == []
    assert found["threads"] == ["MainThread"]
    assert found["tasks"] == 1
    assert found["never"] == []
    assert found["crewai_tools"] is tools
    assert found["child"]
    # Without warming it would be over five hundred.
    assert len(found["late"]) <= 10, found["late"]
