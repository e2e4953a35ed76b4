"""Rules about single values and keys."""

from __future__ import annotations

from crewctl.catalogue.rule_docs.rule_doc import RuleDoc

_CREW = """description: A brief about {company}
process: sequential
inputs: {company: {description: Company to describe}}
tasks: [write]
"""
_AGENT = (
    "# config/agents.yaml\nwriter:\n  role: Writer\n  goal: Write about {company}\n  backstory: You write.\n"
)

VALUES: dict[str, RuleDoc] = {
    "unknown-key": RuleDoc(
        "A mapping has a key that nothing reads.",
        "CrewAI ignores such keys silently, so a misspelt limit would limit nothing.",
        "# crews/brief.yaml\n" + _CREW + "limits:\n  max_turn: 12\n",
        "# crews/brief.yaml\n" + _CREW + "limits:\n  max_turns: 12\n",
    ),
    "missing-key": RuleDoc(
        "A key that is needed is not there.",
        "An agent without a goal or a crew without a process cannot be what its author meant.",
        "# config/agents.yaml\nwriter:\n  role: Writer\n  backstory: You write.\n",
        _AGENT,
    ),
    "null-entry": RuleDoc(
        "An agent, a task or a model has a name and nothing below it.",
        "CrewAI fails on it at the start of a run, far from the file.",
        _AGENT + "editor:\n",
        _AGENT,
    ),
    "wrong-type": RuleDoc(
        "A value is of another kind than its key takes: a mapping for text, text for a list.",
        "Converting silently is how {topic} without quotes becomes a mapping and yes becomes true.",
        "# config/agents.yaml\nwriter:\n  role: {topic}\n  goal: Write about {company}\n  backstory: You write.\n",
        '# config/agents.yaml\nwriter:\n  role: "{company} writer"\n  goal: Write\n  backstory: You write.\n',
    ),
    "blank": RuleDoc(
        "A text that has to say something is empty.",
        "An agent would be told nothing.",
        '# config/agents.yaml\nwriter:\n  role: ""\n  goal: Write about {company}\n  backstory: You write.\n',
        _AGENT,
    ),
    "not-a-choice": RuleDoc(
        "A value is not one of those that its key takes.",
        "A misspelt risk level or process must not fall back to a default.",
        "# registry/entries/brief.yaml\nrisk_level: medium\n",
        "# registry/entries/brief.yaml\nrisk_level: limited\nbusiness_risk: medium\n",
    ),
    "out-of-range": RuleDoc(
        "A number or the length of a list is outside what its key takes.",
        "Zero turns or a single contestant cannot be meant.",
        "# crews/brief.yaml\n" + _CREW + "limits: {max_turns: 0}\n",
        "# crews/brief.yaml\n" + _CREW + "limits: {max_turns: 10}\n",
    ),
    "bad-value": RuleDoc(
        "A value cannot be read: a duration without a unit, a sum without a currency.",
        "30 may be seconds or minutes, and nobody should have to guess.",
        "# crews/brief.yaml\n" + _CREW + "limits: {timeout: 30}\n",
        "# crews/brief.yaml\n" + _CREW + "limits: {timeout: 30m}\n",
    ),
    "two-spellings": RuleDoc(
        "A key is given in its older and its present spelling at once.",
        "maxTurns and max_turns mean the same, and only one can count.",
        "# crews/brief.yaml\n" + _CREW + "limits:\n  max_turns: 5\n  maxTurns: 50\n",
        "# crews/brief.yaml\n" + _CREW + "limits:\n  maxTurns: 5\n",
    ),
    "not-yet": RuleDoc(
        "A key or value is described and its behaviour is not built.",
        "Accepting it and doing nothing would make a promise that no run keeps.",
        _AGENT + "  capabilities: [letters]\n",
        _AGENT,
    ),
    "taken-over": RuleDoc(
        "A field of CrewAI's is something that crewctl does itself, in another place.",
        "Two places for one setting contradict each other sooner or later.",
        _AGENT + "  max_retry_limit: 5\n",
        "# registry/policy.yaml\nretry: {attempts: 5}\n",
    ),
    "refused-field": RuleDoc(
        "A field of CrewAI's cannot be used in a governed run.",
        "It names code, sends content away, or has no effect any more; the table of fields says which.",
        _AGENT + "  allow_code_execution: true\n",
        _AGENT + "  allow_code_execution: false\n",
    ),
    "reserved-name": RuleDoc(
        "An entry of config/models.yaml takes the name of a built-in model.",
        "offline must mean offline in every project.",
        "# config/models.yaml\noffline: openai/gpt-4o-mini\n",
        "# config/models.yaml\ncheap: openai/gpt-4o-mini\n",
    ),
    "literal-secret": RuleDoc(
        "A file holds what looks like a key, a token or a password.",
        "Files are committed, digested and shown; a secret comes from the environment, by its name.",
        "# config/models.yaml\nhouse: {model: openai/gpt-4o-mini, api_key: not-a-reference}\n",
        '# config/models.yaml\nhouse: {model: openai/gpt-4o-mini, api_key: "${env:HOUSE_KEY}"}\n',
    ),
}
