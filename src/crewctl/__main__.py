"""The entry point of ``crewctl`` and ``python -m crewctl``."""

from __future__ import annotations

import sys

if __name__ == "__main__" and not sys.flags.safe_path:
    # `python -m` looks for modules in the folder one stands in first, which is the project: a file
    # called like a library that is imported from here on would run without having been approved.
    del sys.path[0]

import os
from contextlib import suppress
from typing import NoReturn

from crewctl.cli.main import run


def main() -> NoReturn:
    """Run the command line and leave with its exit code."""
    code = run(sys.argv[1:])
    if "dbos" in sys.modules:
        _leave_at_once(code)
    sys.exit(code)


def _leave_at_once(code: int) -> NoReturn:
    """Leave without taking the engine apart, which takes half a second: a deadline includes this process.

    All that is to be kept is in the databases and in files by now.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
