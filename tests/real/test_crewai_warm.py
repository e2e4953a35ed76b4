"""What the zygote imports ahead makes forking safe and a child's first call cheap."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.real


def warmed(folder: Path, *, tools: bool) -> dict[str, Any]:
    result = folder / "found.json"
    environment = {
        "HOME": str(folder),
        "CREWAI_STORAGE_DIR": str(folder / "storage"),
        "CREWAI_DISABLE_TELEMETRY": "true",
        "CREWAI_TRACING_ENABLED": "false",
        "CREWAI_DISABLE_VERSION_CHECK": "true",
        "CREWAI_TESTING": "true",
        "OTEL_SDK_DISABLED": "true",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHON_DOTENV_DISABLED": "1",
    }
    script = Path(__file__).with_name("warm_facts.py")
    with result.open("wb") as file:
        done = subprocess.run(
            [sys.executable, "-I", str(script), str(file.fileno()), "tools" if tools else "bare"],
            pass_fds=[file.fileno()],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=folder,
        )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(result.read_bytes())
    return found


@pytest.mark.parametrize("tools", [False, True])
def test_warming_opens_nothing_and_leaves_one_thread(*, tools: bool, tmp_path: Path) -> None:
    found = warmed(tmp_path, tools=tools)

    assert found["connections"] == []
    assert found["threads"] == ["MainThread"]
    assert found["tasks"] == 1
    assert found["never"] == []
    assert found["crewai_tools"] is tools
    assert found["child"]
    # Without warming it would be over five hundred.
    assert len(found["late"]) <= 10, found["late"]
