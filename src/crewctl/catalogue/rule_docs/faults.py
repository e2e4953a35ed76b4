"""Rules about what is done about failures: who takes over, and how often something is tried."""

from __future__ import annotations

from crewctl.catalogue.rule_docs.rule_doc import RuleDoc

_WRITER = (
    "# config/agents.yaml\nwriter:\n  role: Writer\n  goal: Write about {company}\n  backstory: You write.\n"
)
_EDITOR = "editor: {role: Editor, goal: Edit, backstory: You edit.}\n"
_WRITE = (
    "# config/tasks.yaml\nwrite:\n  description: Write about {company}\n  expected_output: A page\n  agent: writer\n"
    "  retry: {attempts: %d}\n"
)
_CEILING = "# registry/policy.yaml\ntask_retry: {attempts: 3, backoff: 2s}\n"

FAULTS: dict[str, RuleDoc] = {
    "fallback-circle": RuleDoc(
        "Fallbacks of agents, or of models, lead back to where they began.",
        "When the last of them fails, nobody is left who has not failed already.",
        _WRITER
        + "  fallback: editor\neditor: {role: Editor, goal: Edit, backstory: You edit., fallback: writer}\n",
        _WRITER + "  fallback: editor\n" + _EDITOR,
    ),
    "bad-fallback": RuleDoc(
        "A fallback is the task's own agent, or somebody who competes or judges in the same market.",
        "Who has failed cannot help out, and a judge must not judge a draft of its own.",
        _WRITER + _EDITOR + (_WRITE % 2) + "  fallback: writer\n",
        _WRITER + _EDITOR + (_WRITE % 2) + "  fallback: editor\n",
    ),
    "fallback-without-tools": RuleDoc(
        "An agent takes over for another without all of its tools (a warning).",
        "The task may be impossible without them, and then it fails for a second time.",
        _WRITER + "  tools: [FileReadTool]\n  fallback: editor\n" + _EDITOR,
        _WRITER
        + "  tools: [FileReadTool]\n  fallback: editor\n"
        + "editor: {role: Editor, goal: Edit, backstory: You edit., tools: [FileReadTool]}\n",
    ),
    "retry-too-loose": RuleDoc(
        "A task, agent, crew or entry tries more often, or waits less, than the policy or the entry allows.",
        "Every further try costs turns and tokens; how many there may be is not the author's to say.",
        _CEILING + (_WRITE % 5),
        _CEILING + (_WRITE % 3),
    ),
}
