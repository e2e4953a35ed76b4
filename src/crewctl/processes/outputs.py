"""Read what steps came to, and write the output files that tasks ask for."""

from __future__ import annotations

from typing import Literal

from crewctl.audit.events import OutputWritten
from crewctl.audit.fact import ContentRef
from crewctl.audit.port import ContentStore
from crewctl.planning.plan import PlannedTask
from crewctl.processes.outcome import Outcome, ProcessEnded
from crewctl.processes.port import OutputFiles, OutputRefusedError
from crewctl.processes.recording import recorded_once
from crewctl.processes.rooms import ProcessRooms
from crewctl.running.port import ContextOutput, Steps, Value


class Finished(Value):
    """A task that is done: its place in the content store and its text.

    A task that was `given_up` has neither; later tasks are told of it (``continue``) or not (``skip``).
    """

    task: str
    output: ContentRef | None
    raw: str
    given_up: Literal["continue", "skip"] | None = None

    @property
    def as_context(self) -> ContextOutput:
        """The same, as a later task sees it."""
        nothing = f"The task {self.task} came to nothing: there is no output of it."
        return ContextOutput(task=self.task, raw=nothing if self.given_up == "continue" else self.raw)


def text_of(contents: ContentStore, output: ContentRef | None) -> str:
    """Return an output's text; a step without output came to an empty one."""
    return "" if output is None else contents.get(output).decode("utf-8", "replace")


def write_output(task: PlannedTask, output: ContentRef | None, rooms: ProcessRooms, steps: Steps) -> None:
    """Write a finished task's output file, once; a file that may not be written fails the run."""
    file, files = task.output_file, rooms.files
    if file is None or files is None:
        return
    steps.do(f"file.{task.name}", lambda: _write(task, file, output, rooms, files), OutputWritten)


def _write(
    task: PlannedTask, file: str, output: ContentRef | None, rooms: ProcessRooms, files: OutputFiles
) -> OutputWritten:
    content = b"" if output is None else rooms.contents.get(output)
    try:
        files.write(file, content, create_directory=task.create_directory)
    except OutputRefusedError as refused:
        how = Outcome(how="failed", output=output, error=f"{task.name}: {refused.message}")
        raise ProcessEnded(how) from refused
    event = OutputWritten(task=task.name, file=file)
    return recorded_once(rooms.store, rooms.run_id, OutputWritten, lambda seen: seen == event, lambda: event)
