"""The line of a decision: from a person's word over the verdict to the output file and the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crewctl.audit.build_report import build_report, earlier_reports
from crewctl.audit.events import Event, KickoffRequested, OutputWritten, PersonDecided, Recorded
from crewctl.audit.fact import ContentRef
from crewctl.audit.port import ContentStore, RunIsClosedError, RunStore
from crewctl.audit.report import RunReport
from crewctl.errors import CrewctlError, StoreError
from crewctl.judging.ballot import ballot
from crewctl.judging.drafts import sha256
from crewctl.judging.verdict import Verdict
from crewctl.judging.write_verdict import with_decision
from crewctl.planning.kept_plan import plan_of
from crewctl.processes.port import OutputFiles
from crewctl.registry.four_eyes import refuse_who_asked
from crewctl.registry.port import Reports
from crewctl.registry.undecided import DecidedAlreadyError, Undecided, undecided
from crewctl.running.port import Clock, Value


@dataclass(frozen=True)
class DecisionRooms:
    """What a decision on one run needs."""

    run_id: str
    store: RunStore
    contents: ContentStore
    clock: Clock
    files: OutputFiles
    reports: Reports

    @property
    def records(self) -> Sequence[Recorded]:
        """The run's account as it is now."""
        return self.store.events_of(self.run_id)


class Finished(Value):
    """What was written for a decision; `problems` tells what could not be, and how to go on."""

    report: RunReport
    report_path: str | None
    file: str | None = None
    problems: tuple[str, ...] = ()


class Decided(Finished):
    """What a person's word came to: `draft` is what this person chose, and `event` what follows for the run."""

    crew: str
    draft: str
    event: PersonDecided
    missing: int


def decide(rooms: DecisionRooms, person: str, word: str, reason: str) -> Decided:
    """Add a person's word to the account, and once that settles the run, write its output and its report.

    The decision stands as soon as its event does: what cannot be written afterwards is told, not undone.
    Somebody else's ballot in between is taken into account; whoever comes after a decision is refused, and
    so is whoever asked for the run where the registry wants four eyes.
    """
    while True:
        records = rooms.records
        case = undecided(records, rooms.contents)
        refuse_who_asked(
            records, rooms.contents, person, what="decide it", look=f"crewctl decide {rooms.run_id}"
        )
        said = ballot(case.verdict, person, word, reason, rooms.clock.now())
        verdict = with_decision(case.verdict, said, dict(case.texts))
        settled = verdict.selected_draft is not None
        contestant = next((c.contestant for c in verdict.candidates if c.id == verdict.selected_draft), None)
        event = PersonDecided(
            by=person,
            ballot=len(case.ballots) + 1,
            settled=settled,
            selected=verdict.selected_draft,
            contestant=contestant,
            reason=said.rationale if settled and not case.ballots else "",
            verdict=rooms.contents.put(rooms.run_id, verdict.model_dump_json(indent=1).encode()),
            output=case.outputs.get(contestant) if contestant else None,
        )
        if _added(rooms, event):
            break
    finished = finish(rooms)
    missing = 0 if settled else case.model_copy(update={"ballots": (*case.ballots, event)}).missing
    return Decided(**dict(finished), crew=case.crew, draft=str(said.winner), event=event, missing=missing)


def to_decide(rooms: DecisionRooms) -> Undecided:
    """Return what is to decide; for a decided run, write what an interruption left unwritten, and refuse."""
    try:
        return undecided(rooms.records, rooms.contents)
    except DecidedAlreadyError as decided:
        problems = finish(rooms).problems
        if problems:
            raise DecidedAlreadyError(f"{decided.message}; {problems[0]}", help=decided.help) from None
        raise


def finish(rooms: DecisionRooms) -> Finished:
    """Write what follows from the account: a decision's output file, unless it was, and the report anew."""
    file, refused = _write_output(rooms)
    records = rooms.records
    report = build_report(records, rooms.contents)
    path, unkept = None, ""
    try:
        path = rooms.reports.write(report, instead_of=earlier_reports(records, rooms.contents))
    except CrewctlError as error:
        unkept = f"the report was not written: {error.message}" + (f"; {error.help}" if error.help else "")
    problems = tuple(problem for problem in (refused, unkept) if problem)
    return Finished(report=report, report_path=path, file=file, problems=problems)


def _added(rooms: DecisionRooms, event: Event) -> bool:
    """Add the event; False when somebody else's came first."""
    try:
        rooms.store.append(rooms.run_id, event)
    except RunIsClosedError:
        return False
    return True


def _write_output(rooms: DecisionRooms) -> tuple[str | None, str]:
    """Write the market's output file if its draft was chosen by people; return it, or what went wrong."""
    events = [record.event for record in rooms.records]
    if any(isinstance(event, KickoffRequested) and event.rejudges for event in events):
        return None, ""  # what would have been, not what is
    settled = next((e for e in events if isinstance(e, PersonDecided) and e.settled), None)
    if settled is None or settled.output is None:
        return None, ""
    again = f"once that is mended, 'crewctl decide {rooms.run_id}' writes the file"
    try:
        return _output_of(rooms, settled, settled.output, events), ""
    except CrewctlError as refused:
        return None, f"the decision stands, but its output was not written: {refused.message}; {again}"


def _output_of(
    rooms: DecisionRooms, decided: PersonDecided, output: ContentRef, events: Sequence[Event]
) -> str | None:
    market = plan_of(rooms.records, rooms.contents).market
    if market is None or market.task.output_file is None:
        return None
    written = OutputWritten(task=market.task.name, file=market.task.output_file)
    if written not in events:
        content = rooms.contents.get(output)
        verdict = Verdict.model_validate_json(rooms.contents.get(decided.verdict))
        if sha256(content.decode("utf-8", "replace")) != verdict.final_text_sha256:
            # The file may be written long after the decision, when an interruption left it unwritten.
            raise StoreError(
                "the draft is not the text that was chosen", help="keep .crewctl/content for inquiry"
            )
        rooms.files.write(written.file, content, create_directory=market.task.create_directory)
        _added(rooms, written)
    return written.file
