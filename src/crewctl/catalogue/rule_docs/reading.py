"""Rules about files and about YAML itself."""

from __future__ import annotations

from crewctl.catalogue.rule_docs.rule_doc import RuleDoc

_CREW = """process: sequential
inputs: {company: {description: Company to describe}}
tasks: [write]
"""
_ONE_MEANING = "Readers of YAML disagree about it, and a reviewer has to see the value where it is used."

READING: dict[str, RuleDoc] = {
    "unreadable-file": RuleDoc(
        "A file cannot be opened, is no regular file, or is a link that leads out of the project.",
        "What lies outside the project is in nobody's review, and can change without anybody noticing.",
    ),
    "file-too-big": RuleDoc(
        "A file is larger than 256 KiB.",
        "A catalogue is written by people; a file of that size is a mistake or an attack.",
    ),
    "too-many-values": RuleDoc(
        "A file holds more than 20,000 values.",
        "A catalogue is written by people; a file with so many values is a mistake or an attack.",
    ),
    "too-deep": RuleDoc(
        "Values are nested more than 32 levels deep.",
        "Nothing that crewctl reads needs such depth, and programs that follow it can run out of stack.",
        "# crews/brief.yaml\ndescription: " + "[" * 40 + "]" * 40 + "\n" + _CREW,
        "# crews/brief.yaml\ndescription: A short brief about {company}\n" + _CREW,
    ),
    "not-utf8": RuleDoc(
        "A file is not UTF-8 text.",
        "In another encoding the same bytes are different words, so two people would review two texts.",
    ),
    "hidden-character": RuleDoc(
        "A file holds a character that nobody sees: a control, zero-width or bidirectional one.",
        "Such characters can make a text read differently from what an agent is told.",
        '# crews/brief.yaml\ndescription: "A brief\\u202e about a company"\n' + _CREW,
        "# crews/brief.yaml\ndescription: A brief about a company\n" + _CREW,
    ),
    "yaml-syntax": RuleDoc(
        "A file is not YAML.",
        "Guessing what was meant would run something that nobody wrote.",
        "# crews/brief.yaml\ndescription: Brief: short\n" + _CREW,
        '# crews/brief.yaml\ndescription: "Brief: short"\n' + _CREW,
    ),
    "one-document": RuleDoc(
        "A file holds a second document after a line of dashes.",
        "One file defines one thing, and what follows the dashes is easily overlooked.",
        "# crews/brief.yaml\ndescription: A brief\n" + _CREW + "---\nprocess: market\n",
        "# crews/brief.yaml\ndescription: A brief\n" + _CREW,
    ),
    "no-anchors": RuleDoc(
        "A file uses an anchor (&name) or an alias (*name).",
        _ONE_MEANING + " A few hundred bytes of aliases can also stand for billions of values.",
        "# crews/brief.yaml\ndescription: &text A brief\n" + _CREW + "limits: {timeout: *text}\n",
        "# crews/brief.yaml\ndescription: A brief\n" + _CREW,
    ),
    "no-tags": RuleDoc(
        "A file uses a tag, such as !!str or !python/object.",
        "Tags make some readers build objects of the writer's choice.",
        "# crews/brief.yaml\ndescription: !!str A brief\n" + _CREW,
        "# crews/brief.yaml\ndescription: A brief\n" + _CREW,
    ),
    "merge-key": RuleDoc(
        "A mapping takes keys from elsewhere with <<.",
        _ONE_MEANING,
        "# crews/brief.yaml\ndescription: A brief\n" + _CREW + "limits: {<<: {max_turns: 5}}\n",
        "# crews/brief.yaml\ndescription: A brief\n" + _CREW + "limits: {max_turns: 5}\n",
    ),
    "duplicate-key": RuleDoc(
        "A mapping has the same key twice.",
        "Most readers silently keep the last one, so the one that was reviewed may not be the one that counts.",
        "# crews/brief.yaml\ndescription: A brief\n" + _CREW + "limits:\n  max_turns: 5\n  max_turns: 500\n",
        "# crews/brief.yaml\ndescription: A brief\n" + _CREW + "limits:\n  max_turns: 5\n",
    ),
    "key-not-text": RuleDoc(
        "A key is a number, true, false, nothing, a list or a mapping.",
        "Names are text; 01 and 1 would be one key for some readers and two for others.",
        "# config/models.yaml\n4: offline\n",
        '# config/models.yaml\n"4": offline\n',
    ),
    "bad-number": RuleDoc(
        "A number is infinite, not a number at all, or longer than anybody means.",
        "No limit can hold against it; usually it was meant as text.",
        "# crews/brief.yaml\ndescription: A brief\n" + _CREW + "limits: {max_turns: .inf}\n",
        "# crews/brief.yaml\ndescription: A brief\n" + _CREW + "limits: {max_turns: 50}\n",
    ),
    "bad-name": RuleDoc(
        "A file's or an item's name has characters that names do not have, or a file ends in .yml.",
        "Names become file names and digests; .. and / would lead out of their folder.",
        '# config/models.yaml\n"../standard": offline\n',
        "# config/models.yaml\nstandard: offline\n",
    ),
    "empty-file": RuleDoc(
        "A crew's, entry's or rubric's file says nothing.",
        "An empty file is a forgotten one; it must not pass for a crew without limits.",
        "# crews/brief.yaml\n# to be written\n",
        "# crews/brief.yaml\ndescription: A brief about {company}\n" + _CREW,
    ),
    "list-file": RuleDoc(
        "A file is a list or a single value, and must be a mapping.",
        "Agents and tasks are found by their names, and a list has none.",
        "# config/agents.yaml\n- role: Writer\n  goal: Write about {company}\n  backstory: You write.\n",
        "# config/agents.yaml\nwriter:\n  role: Writer\n  goal: Write about {company}\n  backstory: You write.\n",
    ),
    "wrapped-file": RuleDoc(
        "A file's content stands below one needless key, such as agents: or crew:.",
        "CrewAI itself would take the wrapper for an agent or a task of that name.",
        "# config/agents.yaml\nagents:\n  writer: {role: Writer, goal: Write, backstory: You write.}\n",
        "# config/agents.yaml\nwriter: {role: Writer, goal: Write, backstory: You write.}\n",
    ),
}
