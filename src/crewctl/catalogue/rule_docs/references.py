"""Rules about names that lead to other files."""

from __future__ import annotations

from crewctl.catalogue.rule_docs.rule_doc import RuleDoc

_AGENT = (
    "# config/agents.yaml\nwriter:\n  role: Writer\n  goal: Write about {company}\n  backstory: You write.\n"
)
_OWN_ENDPOINT = (
    "# config/models.yaml\nhouse: {model: openai/qwen3, base_url: https://models.example.org/v1, "
    'api_key: "${env:LLM_KEY}"}\n'
)
_TOOL = "from crewai.tools import tool\n\n\n@tool\n"
_COUNT = 'def count(text: str) -> int:\n    """Return how many words a text has."""\n    return len(text.split())\n'
_HEAD = "# crews/brief.yaml\ndescription: A brief\ninputs: {company: {description: Company}}\n"
_SEQUENCE = _HEAD + "process: sequential\n"
_WRITE = "# config/tasks.yaml\nwrite:\n  description: Write about {company}\n  expected_output: A page\n  agent: writer\n"
_CHECK = "check:\n  description: Check it\n  expected_output: A list\n  agent: writer\n"
_MARKET_AGENTS = """# config/agents.yaml
writer: {role: Writer, goal: Write about {company}, backstory: You write.}
poet: {role: Poet, goal: "Rhyme", backstory: You rhyme.}
judge: {role: Judge, goal: Judge, backstory: You judge.}
""".replace("Write about {company}", '"Write about {company}"')
_RUBRIC = "# registry/rubrics/brief.yaml\ncriteria: {clear: {says: Is clear.}}\n"


def _market(contestants: str, judge: str, rubric: str = "brief", more: str = "") -> str:
    said = f"task: write, contestants: {contestants}, judge: {judge}, rubric: {rubric}{more}"
    market = f"market: {{{said}}}\n"
    return _MARKET_AGENTS + _RUBRIC + _HEAD + "process: market\n" + market


def _led(agents: str, manager: str, more: str = "") -> str:
    led = f"process: hierarchical\ntasks: [write]\nagents: {agents}\nmanager: {manager}\n"
    return _MARKET_AGENTS + more + _HEAD + led


REFERENCES: dict[str, RuleDoc] = {
    "unknown-agent": RuleDoc(
        "An agent is named whom config/agents.yaml does not describe.",
        "A misspelt name must not become an agent without instructions.",
        _SEQUENCE + "tasks: [{task: write, agent: wrter}]\n",
        _SEQUENCE + "tasks: [{task: write, agent: writer}]\n",
    ),
    "unknown-task": RuleDoc(
        "A task is named that config/tasks.yaml does not describe.",
        "A crew would silently do less than its file says.",
        _SEQUENCE + "tasks: [wirte]\n",
        _SEQUENCE + "tasks: [write]\n",
    ),
    "unknown-tool": RuleDoc(
        "A tool is neither a class of crewai_tools nor a file under tools/, or the policy tags such a one.",
        "A tag on a misspelt tool protects nobody.",
        _AGENT + "  tools: [FileReedTool]\n",
        _AGENT + "  tools: [FileReadTool]\n",
    ),
    "no-tool": RuleDoc(
        "A custom tool's file defines no tool that a child could take for it.",
        "The run would be approved, start, and fail when its agent is made.",
        _AGENT + "  tools: [custom:count]\n# tools/count.py\n" + _COUNT,
        _AGENT + "  tools: [custom:count]\n# tools/count.py\n" + _TOOL + _COUNT,
    ),
    "unknown-model": RuleDoc(
        "A model is neither an entry of config/models.yaml nor provider/model.",
        "A bare name such as gpt-4o says nothing about who receives the data.",
        _AGENT + "  llm: gpt-4o\n",
        _AGENT + "  llm: openai/gpt-4o\n",
    ),
    "model-circle": RuleDoc(
        "Entries of config/models.yaml lead to each other and never to a real model.",
        "No model could ever answer.",
        "# config/models.yaml\nstandard: premium\npremium: standard\n",
        "# config/models.yaml\nstandard: premium\npremium: offline\n",
    ),
    "missing-provider": RuleDoc(
        "The Python package that speaks to a model's provider is not installed.",
        "The run would be approved, start, and fail at its first model call.",
        _AGENT + "  llm: anthropic/claude-sonnet-4-5\n",
        _AGENT + "  llm: openai/gpt-4o\n",
    ),
    "endpoint-not-allowed": RuleDoc(
        "A model would be asked at an address that the policy does not list.",
        "Prompts, and any variable that the model names as its key, would go where nobody has agreed to.",
        _OWN_ENDPOINT + "# registry/policy.yaml\nmodels: {endpoints: [openai, https://llm.example.eu/v1]}\n",
        _OWN_ENDPOINT + "# registry/policy.yaml\nmodels: {endpoints: [openai, https://models.example.org]}\n",
    ),
    "unknown-provider": RuleDoc(
        "The policy's endpoints name a provider that nobody knows, and that is spelt much like one.",
        "The models of the provider that was meant would be refused, and nobody would see why.",
        "# registry/policy.yaml\nmodels: {endpoints: [opnai]}\n",
        "# registry/policy.yaml\nmodels: {endpoints: [openai]}\n",
    ),
    "key-in-the-clear": RuleDoc(
        "A model's key is sent over a network that is not this machine, and not by https.",
        "Whoever is on the way can read it and spend it.",
        _OWN_ENDPOINT.replace("https", "http"),
        _OWN_ENDPOINT,
    ),
    "no-script": RuleDoc(
        "A scripted model has no script, or a script stands where nothing reads it.",
        "A test would run on answers that nobody wrote.",
        "# config/models.yaml\ntest: {model: scripted}\n",
        "# config/models.yaml\ntest: offline\n",
    ),
    "no-recording": RuleDoc(
        "A recorded model names no run whose recording could answer, or a run stands where nothing replays it.",
        "Nobody would answer, or somebody else than was meant.",
        "# config/models.yaml\nfixture: {replay: yesterday}\n",
        "# config/models.yaml\nfixture: {replay: 20261121-091502-7f3a}\n",
    ),
    "unknown-rubric": RuleDoc(
        "A market's rubric is not a file of registry/rubrics.",
        "The judge would have nothing to judge by.",
        _market("[writer, poet]", "judge", "breif"),
        _market("[writer, poet]", "judge"),
    ),
    "entry-without-crew": RuleDoc(
        "An entry registers a crew that does not exist.",
        "The crew that was meant runs without its registration.",
        "# registry/entries/breif.yaml\nrisk_level: high\n",
        "# registry/entries/brief.yaml\nrisk_level: high\n",
    ),
    "task-without-agent": RuleDoc(
        "Nobody does a task in a crew.",
        "Who does it is never guessed: in real projects half of the guesses would be wrong.",
        "# config/tasks.yaml\nwrite: {description: Write, expected_output: A page}\n"
        + _SEQUENCE
        + "tasks: [write]\n",
        "# config/tasks.yaml\nwrite: {description: Write, expected_output: A page}\n"
        + _SEQUENCE
        + "tasks: [{task: write, agent: writer}]\n",
    ),
    "task-twice": RuleDoc(
        "A crew lists a task twice.",
        "Outputs are found by their task's name, and the second would replace the first.",
        _SEQUENCE + "tasks: [write, write]\n",
        _SEQUENCE + "tasks: [write]\n",
    ),
    "context-circle": RuleDoc(
        "Tasks have each other, or themselves, as context.",
        "None of them could ever come first.",
        _WRITE + "  context: [write]\n",
        _WRITE,
    ),
    "forward-context": RuleDoc(
        "A task needs an output that comes later in the crew, or never.",
        "The task would quietly do without.",
        _WRITE + "  context: [check]\n" + _CHECK + _SEQUENCE + "tasks: [write, check]\n",
        _WRITE + _CHECK + "  context: [write]\n" + _SEQUENCE + "tasks: [write, check]\n",
    ),
    "async-order": RuleDoc(
        "Asynchronous tasks stand where CrewAI cannot wait for them.",
        "CrewAI refuses such a crew when it is built, in the middle of a start.",
        _WRITE
        + "  async_execution: true\n"
        + _CHECK
        + "  async_execution: true\n"
        + _SEQUENCE
        + "tasks: [write, check]\n",
        _WRITE + "  async_execution: true\n" + _CHECK + _SEQUENCE + "tasks: [write, check]\n",
    ),
    "contestant-twice": RuleDoc(
        "An agent competes twice in one market.",
        "Two drafts by one hand crowd out the others.",
        _market("[writer, poet, writer]", "judge"),
        _market("[writer, poet]", "judge"),
    ),
    "judge-competes": RuleDoc(
        "A market's judge is one of its contestants.",
        "Judges prefer their own drafts.",
        _market("[writer, poet]", "poet"),
        _market("[writer, poet]", "judge"),
    ),
    "bad-market": RuleDoc(
        "What a market says of its judging does not fit together.",
        "Something would be missing, or be said for nothing.",
        _market("[writer, poet]", "judge", more=", decision: merge"),
        _market("[writer, poet]", "judge", more=", decision: merge, editor: editor").replace(
            "judge: {role: Judge",
            "editor: {role: Editor, goal: Edit, backstory: You edit.}\njudge: {role: Judge",
        ),
    ),
    "bad-manager": RuleDoc(
        "A manager has tools, or is one of the agents that it leads.",
        "CrewAI refuses both; a manager only delegates.",
        _led("[writer, judge]", "judge"),
        _led("[writer]", "judge"),
    ),
    "agent-not-listed": RuleDoc(
        "In a hierarchical crew a task's agent is not among the crew's agents.",
        "The manager could not delegate to that agent.",
        _led("[poet]", "judge"),
        _led("[writer, poet]", "judge"),
    ),
}
