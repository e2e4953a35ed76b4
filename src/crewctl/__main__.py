"""The entry point of ``crewctl`` and ``python -m crewctl``."""

from __future__ import annotations

import sys

from crewctl.cli.main import run


def main() -> int:
    """Run the command line; the result is the process's exit code."""
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
