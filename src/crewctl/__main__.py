"""The entry point of ``crewctl`` and ``python -m crewctl``."""

from __future__ import annotations

import sys

if __name__ == "__main__" and not sys.flags.safe_path:
    # `python -m` looks for modules in the folder one stands in first, which is the project: a file
    # called like a library that is imported from here on would run without having been approved.
    del sys.path[0]

from typing import NoReturn

from crewctl.cli.main import run


def main() -> NoReturn:
    """Run the command line and leave with its exit code."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
