"""Rules about what starts a crew: schedules and triggers."""

from __future__ import annotations

from crewctl.catalogue.rule_docs.rule_doc import RuleDoc

_FILES = (
    "# config/agents.yaml\nwriter: {role: Writer, goal: Write, backstory: You write.}\n"
    '# config/tasks.yaml\nwrite: {description: "Write about {company}", expected_output: A page, agent: writer}\n'
)
_CREW = "process: sequential\ninputs: {company: {description: Company}}\ntasks: [write]\n"
_BRIEF = _FILES + "# crews/brief.yaml\ndescription: A brief\n" + _CREW + "# registry/entries/brief.yaml\n"
_NEWS = (
    _FILES
    + "# crews/news.yaml\ndescription: News\n"
    + _CREW
    + "# crews/brief.yaml\ndescription: A brief\n"
    + _CREW
)
_INPUTS = "inputs: {company: Acme}"
_MAPPED = 'inputs: {company: "{inputs.company}"}'


def _schedule(said: str) -> str:
    return f"{_BRIEF}schedule: {{{said}, {_INPUTS}}}\n"


def _trigger(said: str) -> str:
    return f"{_NEWS}# registry/entries/brief.yaml\non: {{{said}}}\n"


STARTING: dict[str, RuleDoc] = {
    "bad-cron": RuleDoc(
        "A schedule's cron expression has not five fields, a field is outside its range, or no day fits it.",
        "The crew would start at another time than was meant, or never.",
        _schedule('cron: "0 25 * * *"'),
        _schedule('cron: "0 23 * * *"'),
    ),
    "unknown-timezone": RuleDoc(
        "A schedule's timezone is none of the time zone database.",
        "Six in the morning is another moment in every zone, and an abbreviation means several.",
        _schedule('cron: "0 6 * * *", timezone: Rome'),
        _schedule('cron: "0 6 * * *", timezone: Europe/Rome'),
    ),
    "start-twice": RuleDoc(
        "Two schedules of a crew have one name, or two triggers wait for the same.",
        "What has been started is remembered by the name, and the second would count as done.",
        _BRIEF + f'schedule:\n  - {{cron: "0 6 * * *", {_INPUTS}}}\n  - {{cron: "0 9 * * *", {_INPUTS}}}\n',
        _BRIEF
        + f'schedule:\n  - {{name: early, cron: "0 6 * * *", {_INPUTS}}}\n'
        + f'  - {{name: late, cron: "0 9 * * *", {_INPUTS}}}\n',
    ),
    "never-starts": RuleDoc(
        "A prohibited crew has a schedule that is switched on, or a trigger.",
        "A prohibited crew runs for nobody, and every start would be refused.",
        _BRIEF + f'risk_level: prohibited\nschedule: {{cron: "0 6 * * *", {_INPUTS}}}\n',
        _BRIEF + f'risk_level: prohibited\nschedule: {{cron: "0 6 * * *", enabled: false, {_INPUTS}}}\n',
    ),
    "unknown-crew": RuleDoc(
        "A trigger waits for a crew that does not exist.",
        "It would wait for ever, and nobody would be told.",
        _trigger(f"crew: nwes, {_MAPPED}"),
        _trigger(f"crew: news, {_MAPPED}"),
    ),
    "unknown-placeholder": RuleDoc(
        "A trigger takes over what the other crew's runs do not have.",
        "The crew would be started with an empty place in its prompt.",
        _trigger('crew: news, inputs: {company: "{inputs.firm}"}'),
        _trigger('crew: news, inputs: {company: "{inputs.company}"}'),
    ),
    "trigger-circle": RuleDoc(
        "Triggers lead from a crew back to itself.",
        "The first run would set off runs without end.",
        _trigger(f"crew: brief, {_MAPPED}"),
        _trigger(f"crew: news, {_MAPPED}"),
    ),
}
