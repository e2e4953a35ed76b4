"""Rules about inputs, outputs, limits and oversight."""

from __future__ import annotations

from crewctl.catalogue.rule_docs.rule_doc import RuleDoc

_AGENT = (
    "# config/agents.yaml\nwriter:\n  role: Writer\n  goal: Write about {company}\n  backstory: You write.\n"
)
_WRITE = "# config/tasks.yaml\nwrite:\n  description: Write about {company}\n  expected_output: A page\n  agent: writer\n"
_HEAD = "# crews/brief.yaml\ndescription: A brief\nprocess: sequential\ntasks: [write]\n"
_INPUT = "inputs: {company: {description: Company}}\n"
_SENDS = (
    _AGENT
    + "  tools: [custom:send_email]\n# tools/send_email.py\nfrom crewai.tools import BaseTool\n\n\n"
    + "class SendEmail(BaseTool): ...\n"
    + "# registry/policy.yaml\ntools:\n  custom:send_email: [sends_data]\n"
)

SUBSTANCE: dict[str, RuleDoc] = {
    "undeclared-input": RuleDoc(
        "The prose of a crew asks for an input that the crew does not declare.",
        "CrewAI would leave {name} in the prompt, or stop in the middle of a start.",
        _HEAD + "inputs: {compny: {description: Company}}\n",
        _HEAD + _INPUT,
    ),
    "unused-input": RuleDoc(
        "A crew declares an input that no prose asks for (a warning).",
        "Whoever starts the crew fills it in for nothing; perhaps a placeholder is misspelt.",
        _HEAD + "inputs: {company: {description: Company}, tone: {description: Tone}}\n",
        _HEAD + _INPUT,
    ),
    "bad-input": RuleDoc(
        "An input's value, default, example, choice or pattern does not fit the input itself.",
        "A default that the input would refuse fails every run that relies on it.",
        _HEAD + "inputs: {company: {type: integer, default: Acme}}\n",
        _HEAD + "inputs: {company: {default: Acme}}\n",
    ),
    "bad-output-file": RuleDoc(
        "An output_file is absolute, leads upwards, or has a placeholder.",
        "An input such as ../../x would choose which file is overwritten.",
        _WRITE + '  output_file: "reports/{company}.md"\n',
        _WRITE + "  output_file: reports/brief.md\n",
    ),
    "blank-output": RuleDoc(
        "A task's expected_output is blank (a warning).",
        "Agents and judges work better when they are told what to deliver.",
        '# config/tasks.yaml\nwrite: {description: "Write about {company}", expected_output: " ", agent: writer}\n',
        _WRITE,
    ),
    "same-role": RuleDoc(
        "Two agents have the same role (a warning).",
        "CrewAI delegates by role, so work for one may reach the other.",
        _AGENT + "editor: {role: writer, goal: Edit, backstory: You edit.}\n",
        _AGENT + "editor: {role: Editor, goal: Edit, backstory: You edit.}\n",
    ),
    "bad-guardrail": RuleDoc(
        "A guardrail names a function, or has retries and is not there.",
        "A guardrail here is prose that a model judges by; code is not run from a file of data.",
        _WRITE + "  guardrail: checks.no_prices\n",
        _WRITE + "  guardrail: The text names no prices.\n",
    ),
    "oversight-too-weak": RuleDoc(
        "A crew that sends data, spends money, runs code or is of high risk could run without a person's yes.",
        "Such acts cannot be taken back.",
        _SENDS + "# registry/entries/brief.yaml\nrisk_level: limited\nhuman_oversight_required: false\n",
        _SENDS + "# registry/entries/brief.yaml\nrisk_level: limited\nhuman_oversight_required: true\n",
    ),
    "card-rule": RuleDoc(
        "A rule that answers cards has another's name, says yes to calls of every tool, or has a condition that "
        "never comes true.",
        "Whoever wrote it believes that cards are answered, or that only certain ones are.",
        "# registry/policy.yaml\npeople:\n  rules:\n    - name: short-texts\n      when:\n"
        "        - {field: source, op: equals, value: approval}\n",
        "# registry/policy.yaml\npeople:\n  rules:\n    - name: short-texts\n      when:\n"
        "        - {field: source, op: equals, value: output}\n        - {field: length, op: below, value: 500}\n",
    ),
    "unmetered-tool": RuleDoc(
        "A tool calls models on its own where tokens or money are limited.",
        "The meter never sees those calls, so the limit could not hold.",
        _AGENT + "  tools: [DallETool]\n" + _HEAD + _INPUT + "limits: {max_cost: 1 USD}\n",
        _AGENT + "  tools: [DallETool]\n" + _HEAD + _INPUT + "limits: {max_turns: 20, timeout: 10m}\n",
    ),
    "limit-without-effect": RuleDoc(
        "A limit is wider than the policy's (a warning).",
        "The narrowest limit wins, so this one only misleads its readers.",
        _HEAD + _INPUT + "limits: {max_turns: 500}\n# registry/policy.yaml\nlimits: {max_turns: 100}\n",
        _HEAD + _INPUT + "limits: {max_turns: 50}\n# registry/policy.yaml\nlimits: {max_turns: 100}\n",
    ),
    "limit-too-low": RuleDoc(
        "A limit stops the crew before it can finish (a warning).",
        "Every run would end at the limit, after having been paid for.",
        _WRITE + "  timeout: 1h\n" + _HEAD + _INPUT + "limits: {timeout: 10m}\n",
        _WRITE + "  timeout: 5m\n" + _HEAD + _INPUT + "limits: {timeout: 10m}\n",
    ),
    "price-without-effect": RuleDoc(
        "A price is given for a model that is free by itself (a warning).",
        "It is never charged, and a bill would not show it.",
        "# config/models.yaml\ntest: {model: offline, price: {input: 1 USD, output: 2 USD}}\n",
        "# config/models.yaml\ntest: offline\n",
    ),
    "field-without-effect": RuleDoc(
        "A field does nothing where it stands: its partner is missing, the model is no real one, or the agent only "
        "judges (a warning).",
        "Whoever wrote it expects something of it.",
        _AGENT + '  date_format: "%d %B %Y"\n',
        _AGENT + '  date_format: "%d %B %Y"\n  inject_date: true\n',
    ),
}

PLANNING: dict[str, RuleDoc] = {
    "unknown-input": RuleDoc(
        "A kickoff gives an input that the crew does not declare.",
        "A misspelt input would silently change nothing.",
    ),
    "missing-input": RuleDoc(
        "A kickoff leaves an input out that has no default.",
        "The placeholder would stay in the prompt.",
    ),
    "missing-variable": RuleDoc(
        "An environment variable that a model's entry names is not set.",
        "A plan names its endpoint in full, so that an approval covers where the data goes.",
    ),
    "no-price": RuleDoc(
        "A max_cost holds over a model whose price is not known.",
        "An unknown price is not zero; the budget could not hold.",
    ),
    "bad-url": RuleDoc(
        "A model's base_url is not an address of a server.",
        "The run would be approved, start, and fail at its first model call.",
    ),
    "bad-tool": RuleDoc(
        "The file of a custom tool is not Python, or cannot travel in a plan.",
        "The run would be approved, start, and fail when the tool is imported.",
    ),
}
