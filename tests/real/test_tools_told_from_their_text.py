"""What check says of a tool's file without running it, against what CrewAI makes of it when it runs."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from crewctl.adapters.tool_files import write_sources
from crewctl.catalogue.load import load_catalogue
from crewctl.catalogue.tool_bindings import CLASSES, DECORATORS
from crewctl.diagnostics.problem import Severity
from crewctl.errors import EngineError
from crewctl.planning.plan import PlannedTool

pytestmark = [
    # Importing crewai_tools warns of this and that.
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.real,
    pytest.mark.usefixtures("crewai_here"),
]

IMPORT = "from crewai.tools import BaseTool, tool\n"
TOOL = '@tool\ndef {name}(text: str) -> str:\n    """Say it."""\n    return text\n\n\n'
CLASS = 'class {name}({base}):\n    name: str = "it"\n    description: str = "Says it."\n\n    def _run(self, text: str) -> str:\n        return text\n\n\n'


def function(name: str) -> str:
    return TOOL.format(name=name)


def derived(name: str, base: str = "BaseTool") -> str:
    return CLASS.format(name=name, base=base)


FINE = {
    "its own name": IMPORT + function("it") + function("other"),
    "the only one": IMPORT + function("other"),
    "a class": IMPORT + derived("It"),
    "a class and what derives from it": IMPORT + derived("Above") + derived("it", "Above"),
    "a module's attribute": "import crewai.tools\n" + function("it").replace("@tool", "@crewai.tools.tool"),
    "another name for the decorator": "from crewai.tools import tool as t\n"
    + function("it").replace("@tool", "@t('It')"),
    "an options' call": IMPORT + function("it").replace("@tool", "@tool(result_as_answer=True)"),
    "called by hand": IMPORT
    + 'def say(text: str) -> str:\n    """Say."""\n    return text\nit = tool("it")(say)\n',
    "an instance": IMPORT + derived("It") + "it = It()\n",
    "a tool of crewai_tools": "from crewai_tools import FileReadTool\nit = FileReadTool()\n",
    "a class of crewai_tools": "from crewai_tools import FileReadTool\nclass it(FileReadTool): ...\n",
    "from a file beside it": "from tools.beside import beside as it\n",
    "all of a file beside it": "from os.path import *\nfrom tools.beside import *\nit = beside\n",
    "from a file beside it, relatively": "from .beside import Beside\nclass It(Beside): ...\n",
    "a try around the import": "try:\n    from crewai.tools import tool\nexcept ImportError:\n    tool = None\n"
    + function("it"),
    "with things beside it": IMPORT
    + "import os, json, httpx\nfrom functools import cache\nHOME = os.environ.get('HOME')\n"
    + "CLIENT = httpx.Client()\n@cache\ndef helper() -> str:\n    return json.dumps(1)\nVALUE = helper()\n"
    + function("other"),
    "a class under harmless decorators": "from typing import final\n"
    + IMPORT
    + "SEEN = []\ndef seen(cls):\n    SEEN.append(cls)\n    return cls\n@final\n@seen\n"
    + derived("It"),
    "an instance of Tool": "from crewai.tools.base_tool import Tool\n"
    'def say(text: str) -> str:\n    """Say."""\n    return text\n'
    'it = Tool(name="it", description="Says it.", func=say)\n',
    "names that a loop binds": IMPORT + "for n in (1, 2):\n    twice = n\n" + function("other"),
    "for the types alone": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from nowhere import Nothing\n"
    + IMPORT
    + function("it"),
}
BROKEN = {
    "nothing": "",
    "no decorator": 'def it(text: str) -> str:\n    """Say it."""\n    return text\n',
    "a decorator that is not imported": function("it"),
    "a decorator of the language": "from functools import cache\n"
    + function("it").replace("@tool", "@cache"),
    "a class of its own": "class it: ...\n",
    "a class of pydantic": "from pydantic import BaseModel\nclass it(BaseModel): ...\n",
    "two of other names": IMPORT + function("one") + function("two"),
    "a class and its instance": IMPORT + derived("One") + "two = One()\n",
    "two names for one": IMPORT + function("one") + "two = one\n",
    "in a list": IMPORT + "def _all():\n    return []\nTHEM = [1]\n",
    "only imported": "from tools.beside import beside\n",
    "only imported with all the rest": "from tools.beside import *\n",
    "taken away": IMPORT + function("it") + "del it\n",
    "within a function": IMPORT
    + "def make() -> None:\n    @tool\n    def it(text: str) -> str:\n        'Say.'\n        return text\n",
    "no docstring": IMPORT + "@tool\ndef it(text: str) -> str:\n    return text\n",
    "not run as a program": IMPORT + "if __name__ == '__main__':\n    it = tool('it')\n",
}
SAY = 'def say(text: str) -> str:\n    """Say."""\n    return text\n'
MADE = SAY + "def made(_):\n    return tool('it')(say)\n"
MAKER = "class Maker:\n    def make(self, f):\n        return tool('it')(f)\n\n\n"
UNTOLD = {
    "a factory": IMPORT + "def make():\n    @tool\n    def inner(text: str) -> str:\n        'Say.'\n        return text\n    return inner\nit = make()\n",
    "a condition": IMPORT + "import os\nif os.name == 'posix':\n    " + function("it").replace("\n", "\n    ").rstrip() + "\n",
    "set by name": IMPORT + "def _fill():\n    @tool\n    def inner(text: str) -> str:\n        'Say.'\n        return text\n    globals()['it'] = inner\n_fill()\n",
    "a decorator of one's own": IMPORT + "def mine(f):\n    return tool(f)\n" + function("it").replace("@tool", "@mine"),
    "a decorator that hands on": IMPORT + "from tools.beside import made\ndef mine(f):\n    return made(f)\n" + function("it").replace("@tool", "@mine"),
    "a decorator that is given the maker": IMPORT + "from functools import partial\n" + function("it").replace("@tool", "@partial(tool, result_as_answer=True)"),
    "a class under a decorator of one's own": IMPORT + MADE + "@made\nclass it:\n    pass\n",
    "a class under a decorator from beside it": "from tools.beside import made\n@made\nclass it:\n    pass\n",
    "a loop": IMPORT + SAY + "for it in [tool('it')(say)]:\n    pass\n",
    "a loop within a condition": IMPORT + SAY + "if True:\n    for it in [tool('it')(say)]:\n        pass\n",
    "a loop over decorators": IMPORT + "for mine in [tool]:\n    " + function("it").replace("@tool", "@mine").replace("\n", "\n    ").rstrip() + "\n",
    "a with": IMPORT + SAY + "from contextlib import nullcontext\nwith nullcontext(tool('it')(say)) as it:\n    pass\n",
    "a walrus": IMPORT + SAY + "print(it := tool('it')(say))\n",
    "a walrus in a list": IMPORT + SAY + "[it := tool('it')(each) for each in [say]]\n",
    "a global": IMPORT + SAY + "def _fill():\n    global it\n    it = tool('it')(say)\n_fill()\n",
    "an error's": IMPORT + SAY + "try:\n    raise LookupError(tool('it')(say))\nexcept LookupError as e:\n    it = e.args[0]\n",
    "a case": IMPORT + SAY + "match tool('it')(say):\n    case it:\n        pass\n",
    "several within several": IMPORT + SAY + "one, (it, two) = 1, (tool('it')(say), 2)\n",
    "taken from a list": IMPORT + SAY + "THEM = [tool('it')(say)]\nit = THEM[0]\n",
    "by a lambda": IMPORT + SAY + "make = lambda f: tool('it')(f)\nit = make(say)\n",
    "by a class's method": IMPORT + SAY + MAKER + "maker = Maker()\nit = maker.make(say)\n",
    "a decorator that asks a class": IMPORT + MAKER + "def mine(f):\n    return Maker().make(f)\n" + function("it").replace("@tool", "@mine"),
    "one of the rest": IMPORT + SAY + "one, *rest = 1, tool('it')(say)\nfor it in rest:\n    pass\n",
}  # fmt: skip
BESIDE = IMPORT + function("beside") + derived("Beside") + MADE


def told(source: str, root: Path) -> str:
    """Return what check says: fine, broken or untold."""
    files = {
        "config/agents.yaml": "a: {role: A, goal: Be, backstory: You are., tools: ['custom:it']}\n",
        "tools/it.py": source,
        "tools/beside.py": BESIDE,
    }
    for file, text in files.items():
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(text, encoding="utf-8")
    problems = load_catalogue(root).problems
    assert all(problem.span.file == "tools/it.py" for problem in problems)
    if not problems:
        return "fine"
    return "broken" if any(problem.severity is Severity.ERROR for problem in problems) else "untold"


def made(source: str, folder: Path) -> bool:
    """Tell whether a child makes the tool."""
    from crewctl.adapters.crewai_tools_of_plan import make_tool  # noqa: PLC0415 - imports CrewAI

    write_sources({"tools/it.py": source, "tools/beside.py": BESIDE}, folder)
    planned = PlannedTool(name="custom:it", kind="custom", distribution="tools/it.py", source_digest="0" * 64)
    try:
        make_tool(planned)
    except EngineError:
        return False
    return True


@pytest.fixture(autouse=True)
def _importers_as_before() -> Iterator[None]:
    before, loaded = list(sys.meta_path), set(sys.modules)
    yield
    sys.meta_path[:] = before
    # Other tests show that crewai_tools is not imported where it is not needed.
    for module in [
        name for name in sys.modules if name.partition(".")[0] in {"tools", "crewai_tools"} - loaded
    ]:
        del sys.modules[module]


@pytest.mark.parametrize("name", ["crewai.tools.Tool", *sorted(CLASSES | DECORATORS)])
def test_what_makes_a_tool_is_there_in_crewai(name: str) -> None:
    module, _, last = name.rpartition(".")
    assert hasattr(importlib.import_module(module), last) == (name in CLASSES | DECORATORS)


@pytest.mark.parametrize("case", FINE)
def test_a_file_that_check_accepts_gives_a_tool(case: str, tmp_path: Path) -> None:
    assert told(FINE[case], tmp_path / "project") == "fine"
    assert made(FINE[case], tmp_path / "child")


@pytest.mark.parametrize("case", BROKEN)
def test_a_file_that_check_refuses_gives_none(case: str, tmp_path: Path) -> None:
    assert told(BROKEN[case], tmp_path / "project") == "broken"
    assert not made(BROKEN[case], tmp_path / "child")


@pytest.mark.parametrize("case", UNTOLD)
def test_a_file_that_only_running_it_could_tell_of_is_warned_about(case: str, tmp_path: Path) -> None:
    assert told(UNTOLD[case], tmp_path / "project") == "untold"
    assert made(UNTOLD[case], tmp_path / "child")
