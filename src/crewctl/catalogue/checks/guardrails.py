"""A guardrail is prose that a model judges by; code is not imported from a file of data."""

from __future__ import annotations

import re
from collections.abc import Iterator

from crewctl.catalogue.draft import Draft
from crewctl.diagnostics.problem import Problem

_CODE = re.compile(r"[A-Za-z_]\w*(?:[.:][A-Za-z_]\w*)+|[a-z]\w*_\w+|\w+\(.*\)")


def guardrails(draft: Draft) -> Iterator[Problem]:
    """Yield a problem for every guardrail that names a function, and for retries of nothing."""
    for name, task in draft.catalogue.tasks.items():
        if task.guardrail is not None and _CODE.fullmatch(task.guardrail.strip()):
            yield Problem(
                draft.task(name, "guardrail"),
                "bad-guardrail",
                f"guardrail of task '{name}' names code, and code is not run from here",
                "reads like a function",
                "write in a sentence what the output must fulfil",
            )
        if task.guardrail is None and task.guardrail_max_retries is not None:
            yield Problem(
                draft.task(name, "guardrail_max_retries", key=True),
                "bad-guardrail",
                f"task '{name}' has retries for a guardrail that it does not have",
                "nothing to retry for",
                "add guardrail:, or take this key away",
            )
