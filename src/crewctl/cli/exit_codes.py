"""What every exit code means and what to do next; ``explain`` and the reference page read this table."""

from __future__ import annotations

from typing import NamedTuple


class Meaning(NamedTuple):
    """One exit code in words."""

    summary: str
    next_step: str


EXIT_CODES: dict[int, Meaning] = {
    0: Meaning("Done.", "Nothing is left to do."),
    1: Meaning(
        "The run failed, or the command could not do its work.",
        "Read the message; for a run, 'crewctl report RUN' says where it failed and "
        "'crewctl logs RUN --step STEP' what a step's process printed.",
    ),
    2: Meaning(
        "Wrong usage: the command line itself makes no sense.",
        "Read the message; 'crewctl COMMAND --help' shows what the command takes.",
    ),
    3: Meaning(
        "The catalogue or the inputs are invalid; nothing was run.",
        "Every problem is shown with its place; 'crewctl explain RULE' says more about one.",
    ),
    4: Meaning(
        "Not approved: no approval was given, or it was revoked, has expired, is used up, was for another "
        "state of the crew, or the crew is suspended or prohibited. Nothing was run.",
        "Read what changed, look at 'crewctl plan CREW', and approve it with 'crewctl approve CREW --reason …'.",
    ),
    5: Meaning(
        "The run was stopped at a limit: turns, time, tokens or cost. What was finished is kept.",
        "'crewctl report RUN' says which limit and what was used; a higher limit needs a new approval.",
    ),
    6: Meaning(
        "The run was stopped by a person. What was finished is kept.",
        "'crewctl report RUN' shows what was finished.",
    ),
    7: Meaning(
        "The run waits for a person. What was finished is kept, and the wait costs nothing.",
        "'crewctl inbox' lists what waits; 'crewctl card show CARD' shows it, and 'crewctl card approve CARD' "
        "and its like answer it.",
    ),
    8: Meaning(
        "Undecided: the judge could not choose, or the crew asks people, and not enough have decided yet.",
        "'crewctl decide RUN' shows the drafts, and 'crewctl decide RUN DRAFT --reason …' chooses one.",
    ),
    9: Meaning(
        "What was named does not exist: a project, crew, run, rule or file.",
        "Read the message; 'crewctl list' and 'crewctl runs' show what there is.",
    ),
    70: Meaning(
        "A bug in crewctl itself.",
        "The message names a log file; please report it with that file's text.",
    ),
    130: Meaning(
        "Interrupted with Ctrl-C. A run has ended with all its processes.",
        "'crewctl runs' shows what became of the run.",
    ),
    141: Meaning(
        "Whoever read the output went away, as 'head' does.",
        "Nothing; the command's work was done before its output.",
    ),
}


def exit_codes_page() -> str:
    """Return docs/reference/exit-codes.md."""
    rows = [f"| {code} | {meaning.summary} | {meaning.next_step} |" for code, meaning in EXIT_CODES.items()]
    return "\n".join(
        [
            "# Exit codes",
            "",
            "Every command ends with one of these, so that scripts can tell what happened.",
            "`crewctl explain 4` prints one of them.",
            "",
            "| exit | meaning | what to do |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )
