"""Write what a task asks for: by its form, in its author's voice, within its length."""

from __future__ import annotations

from crewctl.adapters import offline_text as prose
from crewctl.adapters.offline_letter import write_letter
from crewctl.adapters.offline_prompt import Reading
from crewctl.adapters.offline_report import write_json, write_list, write_report
from crewctl.adapters.offline_subject import subject_of

DEFAULT_WORDS = 400

_WRITERS = {"letter": write_letter, "json": write_json, "list": write_list, "report": write_report}


def write(reading: Reading) -> str:
    """Return a text that depends on nothing but the prompt."""
    subject = subject_of(reading)
    text = _WRITERS[subject.form](reading, subject)
    if subject.form == "json":
        return text
    if subject.form == "letter" and reading.markdown:
        text = text.replace("Subject: ", "# ", 1)
    return prose.fitted(text, _most_words(reading))


def _most_words(reading: Reading) -> int:
    # What a guardrail objected to counts before what the task asked for.
    limits = (prose.word_limit(text) for text in (reading.feedback, reading.expected, reading.task))
    return next((limit for limit in limits if limit), DEFAULT_WORDS)
