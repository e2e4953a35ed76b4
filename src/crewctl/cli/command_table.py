"""Every command, where it lives and what it does in one line; nothing of it is imported for a help text."""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """A command's module, which holds it as ``command``, and its one line of help."""

    module: str
    help: str


SECTIONS: dict[str, dict[str, Entry]] = {
    "Write a catalogue": {
        "init": Entry("crewctl.cli.init_command", "Start a project with three crews that run offline."),
        "new": Entry("crewctl.cli.new_command", "Add a crew, agent, task, rubric or entry."),
        "check": Entry("crewctl.cli.check_command", "Find every problem in the project's files."),
        "list": Entry("crewctl.cli.list_command", "List crews, agents, tasks, models, tools or rubrics."),
        "show": Entry("crewctl.cli.show_command", "Show one crew, agent, task, model or rubric."),
        "import": Entry("crewctl.cli.import_command", "Take over a classic CrewAI project or a jobs file."),
        "export": Entry("crewctl.cli.export_command", "Write a crew as a plain CrewAI project."),
        "schema": Entry("crewctl.cli.schema_command", "Print or write the JSON Schemas that editors use."),
    },
    "Run a crew": {
        "plan": Entry("crewctl.cli.plan_command", "Show exactly what a kickoff would do, and its limits."),
        "rehearse": Entry(
            "crewctl.cli.rehearse_command", "Try a crew offline: no tools, no approval, no report."
        ),
        "approve": Entry("crewctl.cli.approve_command", "Let a crew run exactly as it is now."),
        "revoke": Entry("crewctl.cli.revoke_command", "Take an approval back."),
        "approvals": Entry("crewctl.cli.approvals_command", "List approvals and whether they still hold."),
        "suspend": Entry("crewctl.cli.suspend_command", "Let a crew run for nobody until that is lifted."),
        "unsuspend": Entry("crewctl.cli.unsuspend_command", "Lift what another person has suspended."),
        "kickoff": Entry("crewctl.cli.kickoff_command", "Run a crew through the registry."),
        "worker": Entry("crewctl.cli.worker_command", "Serve the queue of runs."),
        "schedule": Entry(
            "crewctl.cli.schedule_command", "See what starts by itself and when; pause and resume it."
        ),
        "resume": Entry("crewctl.cli.resume_command", "Go on with a run that was put down or cut off."),
        "rerun": Entry("crewctl.cli.rerun_command", "Run an earlier run's plan once more."),
        "fork": Entry("crewctl.cli.fork_command", "Run anew from a task on, keeping what came before."),
        "inbox": Entry("crewctl.cli.inbox_command", "List what waits for people, the riskiest first."),
        "card": Entry("crewctl.cli.card_command", "See what a run asks people, and answer it."),
        "dead": Entry("crewctl.cli.dead_command", "Decide about runs that failed while nobody watched."),
        "decide": Entry("crewctl.cli.decide_command", "Choose among the drafts of an undecided run."),
        "stop": Entry(
            "crewctl.cli.stop_command", "Stop a run, or all of them, with everything they started."
        ),
    },
    "Look at runs": {
        "runs": Entry("crewctl.cli.runs_command", "List runs, or show one."),
        "report": Entry("crewctl.cli.report_command", "Show what a run did and why."),
        "verdict": Entry("crewctl.cli.verdict_command", "Check that a market's verdict holds."),
        "replay": Entry("crewctl.cli.replay_command", "Repeat a run from its recording, at no cost."),
        "trace": Entry("crewctl.cli.trace_command", "Show a run as a tree with times, tokens and cost."),
        "logs": Entry(
            "crewctl.cli.logs_command", "Show a run's events line by line, or what a step printed."
        ),
    },
    "Judge again": {
        "rejudge": Entry("crewctl.cli.rejudge_command", "Judge a run's drafts again, by other means."),
        "whatif": Entry("crewctl.cli.whatif_command", "Judge past runs again and show what would change."),
        "judge": Entry("crewctl.cli.judge_command", "See how far a crew's judges can be trusted."),
    },
    "Get help": {
        "explain": Entry("crewctl.cli.explain_command", "Explain a rule of check, or an exit code."),
        "database": Entry(
            "crewctl.cli.database_command", "See where the machine state is, and move it to PostgreSQL."
        ),
        "doctor": Entry("crewctl.cli.doctor_command", "Look whether this machine can run crews."),
        "completion": Entry("crewctl.cli.completion_command", "Print the completion script of your shell."),
    },
}

COMMANDS: dict[str, Entry] = {name: entry for section in SECTIONS.values() for name, entry in section.items()}
