"""The environment of the processes that host CrewAI: an explicit list, and no secret in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from crewctl.planning.faults import with_models
from crewctl.planning.plan import Plan
from crewctl.running.port import ModelCall, TaskWork

PASSED = frozenset({"PATH", "LANG", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"})
"""Names taken over from the parent's environment, and every ``LC_*``."""

_OWN = ("CREWCTL_", "PGPASS")
"""What names like these hold is crewctl's own, the way into the account above all: no model's key."""

FIXED = {
    "CREWAI_DISABLE_TELEMETRY": "true",
    "CREWAI_DISABLE_TRACKING": "true",
    "CREWAI_DISABLE_VERSION_CHECK": "true",
    "CREWAI_TESTING": "true",
    "CREWAI_TRACING_ENABLED": "false",
    "OPENBLAS_NUM_THREADS": "1",
    "OTEL_SDK_DISABLED": "true",
    "PYTHON_DOTENV_DISABLED": "1",
}
"""CrewAI opens no connection of its own, reads no .env, and NumPy starts no threads before a fork."""


def zygote_environment(environ: Mapping[str, str], home: Path) -> dict[str, str]:
    """Return the whole environment of a zygote; each child gets folders of its own after the fork."""
    passed = {name: value for name, value in environ.items() if name in PASSED or name.startswith("LC_")}
    folders = {"HOME": home, "TMPDIR": home, "CREWAI_STORAGE_DIR": home / "storage"}
    return passed | FIXED | {name: str(path) for name, path in folders.items()}


def secrets_for(plan: Plan, work: TaskWork | ModelCall, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the keys that this step's models need, by their names in the environment.

    A task's crew has all the crew's agents, so that they can delegate; a judge is no part of it.
    A key that is not set is left out: the model's own error says so best. So is what is crewctl's own:
    whoever writes a model's file names its key and its address, and must not have that sent there.
    """
    if isinstance(work, ModelCall):
        models = {work.model}
    else:
        absent = set(plan.market.bench if plan.market else ()) - {work.agent}
        now = with_models(plan, work.models)
        models = {agent.model for agent in now.agents if agent.name not in absent}
        models |= {now.manager_model} if now.manager_model else set()
    names = {model.api_key_env for model in plan.models if model.name in models and model.api_key_env}
    return {name: environ[name] for name in sorted(names) if name in environ and not name.startswith(_OWN)}


def all_secrets(plan: Plan, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return every secret value that any model of the plan is given."""
    names = {model.api_key_env for model in plan.models if model.api_key_env}
    return tuple(environ[name] for name in sorted(names) if name in environ)
