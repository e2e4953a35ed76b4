"""What governing a run costs: a cold kickoff, each further task and a child's memory, against bare CrewAI."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median

from interleaved import medians, seconds_of, table

sys.path.insert(0, str(Path(__file__).with_name("conformance")))

from project import AGENT, CREWCTL, KEY, TASK, model, project

from crewctl.adapters.sql_run_store import SqlRunStore
from crewctl.adapters.sqlite_database import SqliteDatabase
from crewctl.adapters.zygote_environment import FIXED
from crewctl.testing.model_server import ModelServer

ROUNDS = 5
MANY = 12
BARE = """
import sys
from crewai import LLM, Agent, Crew, Task
url, count, shape, tool = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
tools = []
if tool == "tool":
    from crewai_tools import FileReadTool
    tools = [FileReadTool()]
def crew(number):
    llm = LLM(model="openai/plain", base_url=url, api_key="sk-x", max_tokens=256)
    agents = [Agent(role=f"Worker {n}", goal="Do the work.", backstory="Thorough.", llm=llm, tools=tools)
              for n in range(number)]
    tasks = [Task(description=f"Part {n}.", expected_output="A note.", agent=a) for n, a in enumerate(agents)]
    return Crew(agents=agents, tasks=tasks)
if shape == "one crew":
    crew(count).kickoff()
else:
    import time
    for _ in range(count):
        start = time.perf_counter()
        crew(1).kickoff()
        print("SECONDS", time.perf_counter() - start)
"""


def main() -> None:
    """Print three tables of ratios."""
    with ModelServer() as server, tempfile.TemporaryDirectory() as home:
        script = Path(home) / "bare.py"
        script.write_text(BARE, encoding="utf-8")
        env = {**os.environ, **FIXED, "HOME": home, "CREWAI_STORAGE_DIR": home, "CONFORMANCE_KEY": KEY}
        _cold(server.base_url, script, env)
        for tool in ("", "FileReadTool"):
            _further(server.base_url, script, env, tool)
    _memory()


def _files(url: str, count: int, tool: str = "", *, alone: bool = False) -> dict[str, str]:
    tools = f"  tools: [{tool}]\n" if tool else ""
    names = [f"worker_{n}" for n in range(count)]
    return {
        "config/agents.yaml": "".join(AGENT.format(name=n, role=f"Role {n}", more=tools) for n in names),
        "config/tasks.yaml": "".join(
            TASK.format(
                name=f"task_{n}",
                text=f"Part {n}.",
                more=f"  agent: {names[0] if alone else n}\n  context: []\n",
            )
            for n in names
        ),
        "config/models.yaml": model("plain", url),
        "crews/case.yaml": "description: Tasks in a row.\nprocess: sequential\ntasks: ["
        + ", ".join(f"task_{n}" for n in names)
        + "]\n",
    }


def _cold(url: str, script: Path, env: dict[str, str]) -> None:
    bare = [sys.executable, str(script), url, "3", "one crew", ""]
    with project(_files(url, 3)) as folder:
        ours = [CREWCTL, "kickoff", "case"]
        subjects = {
            "bare CrewAI script": partial(seconds_of, bare, folder, env),
            "crewctl kickoff": partial(seconds_of, ours, folder, env),
        }
        times = medians(subjects, ROUNDS)
    rows = [(name, f"{t:.2f} s", f"{t / times['bare CrewAI script']:.2f}x") for name, t in times.items()]
    table(
        f"Cold kickoff of three tasks, medians of {ROUNDS} (aim: at most 1.1x)",
        rows,
        ("subject", "wall", "ratio"),
    )


def _further(url: str, script: Path, env: dict[str, str], tool: str) -> None:
    """Compare what each task after the first takes, here and in bare one-task kickoffs, in turns."""
    bare: list[float] = []
    ours: list[float] = []
    command = [sys.executable, str(script), url, str(MANY), "one-task crews", "tool" if tool else ""]
    for _ in range(ROUNDS):
        with project(_files(url, MANY, tool, alone=True)) as folder:
            done = subprocess.run(
                command, cwd=folder, env=env, capture_output=True, text=True, check=True, timeout=300
            )
            bare += [float(each) for each in re.findall(r"SECONDS (\S+)", done.stdout)][1:]
            seconds_of([CREWCTL, "kickoff", "case"], folder, env)
            ours += _between_tasks(folder)[1:]
    first, second = median(bare) * 1000, median(ours) * 1000
    rows = [
        ("bare one-task crew.kickoff()", f"{first:.0f} ms", ""),
        ("crewctl, each further task", f"{second:.0f} ms", f"{second - first:+.0f} ms"),
    ]
    title = (
        f"Each further task{f' with {tool}' if tool else ''}, medians of {len(ours)} (aim: at most +30 ms)"
    )
    table(title, rows, ("subject", "a task", "overhead"))


def _between_tasks(folder: Path) -> list[float]:
    """Return the seconds from each task's start to the next one's, or to the end of the run."""
    store = SqlRunStore(SqliteDatabase(folder / ".crewctl" / "crewctl.db"))
    (run,) = store.run_ids()
    times = [
        one.at.timestamp() for one in store.events_of(run) if one.event.kind in {"StepStarted", "RunClosed"}
    ]
    return [later - earlier for earlier, later in pairwise(times)]


def _memory() -> None:
    """Sum up what each kind of process holds for itself while three contestants wait for a model."""
    files = _files("", 4)
    with ModelServer() as server:
        files |= {
            "config/models.yaml": model("hang", server.base_url),
            "registry/rubrics/short.yaml": "criteria:\n  clear: {says: It is clear.}\n",
            "crews/case.yaml": "description: Three wait.\nprocess: market\nlimits: {timeout: 1m}\nmarket:\n"
            "  task: task_worker_0\n  contestants: [worker_0, worker_1, worker_2]\n  judge: worker_3\n  rubric: short\n",
        }
        with project(files) as folder:
            run = subprocess.Popen(
                [CREWCTL, "kickoff", "case"],
                cwd=folder,
                env={**os.environ, "CONFORMANCE_KEY": KEY},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            server.wait_for_calls(3, timeout=60)
            time.sleep(0.5)
            rows = _held(run.pid)
            run.terminate()
            run.wait(timeout=30)
    table(
        "Memory of a running market, private and proportional", rows, ("process", "private", "proportional")
    )


def _held(parent: int) -> list[tuple[str, str, str]]:
    zygote = next(iter(_children(parent)))
    rows = [("parent", *_size(parent)), ("zygote", *_size(zygote))]
    for number, warden in enumerate(_children(zygote), 1):
        rows.append((f"warden {number}", *_size(warden)))
        rows += [(f"child {number}", *_size(child)) for child in _children(warden)]
    return rows


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(child) for child in (task / "children").read_text().split()]
    return found


def _size(pid: int) -> tuple[str, str]:
    sizes: dict[str, int] = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, _, rest = line.partition(":")
        sizes[name] = int(rest.split()[0])
    private = sizes["Private_Clean"] + sizes["Private_Dirty"]
    return f"{private / 1024:.0f} MB", f"{sizes['Pss'] / 1024:.0f} MB"


if __name__ == "__main__":
    main()
