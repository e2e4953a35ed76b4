"""Imports the package ``tools`` from the texts that travelled in a plan, and from nowhere else.

Nothing is put on the import path: the working folder is where an agent's tools write, and a file that
a model had written there must never be imported.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import ExecutionLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path, PurePosixPath
from types import ModuleType

from crewctl.errors import EngineError

PACKAGE = "tools"


def write_sources(sources: Mapping[str, str], folder: Path) -> None:
    """Write the tool files into `folder`, to be read and not imported, and let the plan's texts be imported.

    EngineError when one of them would lie outside ``tools/``.
    """
    for name, text in sources.items():
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or path.parts[0] != PACKAGE:
            raise EngineError(
                f"the plan names a tool file outside tools/: {name!r}", help="plan the crew anew"
            )
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="")
        # What one tool reads beside itself, another must not write over.
        target.chmod(0o400)
    if sources:
        # First, because a package called `tools` elsewhere on the path must not win.
        sys.meta_path.insert(0, _Importer(sources, folder))
        for module in [module for module in sys.modules if is_of_tools(module)]:
            del sys.modules[module]
        importlib.invalidate_caches()


def is_of_tools(module: str) -> bool:
    """Tell whether a module is the package of the tool files, or in it."""
    return module.partition(".")[0] == PACKAGE


class _Importer(MetaPathFinder, ExecutionLoader):
    """Finds and loads ``tools`` and what is in it; a name that the plan does not know is not found."""

    def __init__(self, sources: Mapping[str, str], folder: Path) -> None:
        self._sources = sources
        self._folder = folder

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - importlib's signature
        target: ModuleType | None = None,  # noqa: ARG002 - the same
    ) -> ModuleSpec | None:
        """Return the spec of a module of the plan; None for modules that are no tools."""
        if not is_of_tools(fullname):
            return None
        if self._file(fullname) is None and not self.is_package(fullname):
            # Not None: then a file that lies beside the plan's on the disk would be found.
            raise ModuleNotFoundError(f"the plan has no tool file for {fullname!r}", name=fullname)
        spec = spec_from_loader(fullname, self, origin=self.get_filename(fullname))
        if spec is not None:
            spec.has_location = True
            if self.is_package(fullname):
                spec.submodule_search_locations = [str(Path(self.get_filename(fullname)).parent)]
        return spec

    def is_package(self, fullname: str) -> bool:
        """Tell whether it is a folder with tool files; it need not have an ``__init__.py``."""
        below = f"{fullname.replace('.', '/')}/"
        return any(file.startswith(below) for file in self._sources)

    def get_source(self, fullname: str) -> str:
        """Return the plan's text; it is text already, so that no encoding line can make it another."""
        return self._sources.get(self._file(fullname) or "", "")

    def get_filename(self, fullname: str) -> str:
        """Return where the file was written."""
        return str(self._folder / (self._file(fullname) or f"{fullname.replace('.', '/')}/__init__.py"))

    def _file(self, fullname: str) -> str | None:
        path = fullname.replace(".", "/")
        return next((file for file in (f"{path}/__init__.py", f"{path}.py") if file in self._sources), None)
