"""Make a planned model of what a chain of entries said: who answers, where, with which key and price."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import SplitResult, urlsplit

from crewctl.catalogue.endpoints import RULE, asked_at, is_allowed, is_an_address
from crewctl.catalogue.kinds import POLICY_FILE
from crewctl.catalogue.model_names import SIMULATED
from crewctl.catalogue.specs.model_spec import DEFAULT_OUTPUT_TOKENS, PriceSpec
from crewctl.diagnostics.nearest import did_you_mean
from crewctl.planning.findings import Findings, Where
from crewctl.planning.plan import PlannedModel, Price
from crewctl.planning.port import World

KEY_OF_PROVIDER = {
    "openai": "OPENAI_API_KEY",
    "anthropic": "ANTHROPIC_API_KEY",
    "claude": "ANTHROPIC_API_KEY",
    "azure": "AZURE_API_KEY",
    "azure_openai": "AZURE_API_KEY",
    "google": "GEMINI_API_KEY",
    "gemini": "GEMINI_API_KEY",
    "openrouter": "OPENROUTER_API_KEY",
    "deepseek": "DEEPSEEK_API_KEY",
    "cerebras": "CEREBRAS_API_KEY",
    "dashscope": "DASHSCOPE_API_KEY",
    "deepinfra": "DEEPINFRA_API_KEY",
    "groq": "GROQ_API_KEY",
    "mistral": "MISTRAL_API_KEY",
}
"""The variable that each provider's own endpoint takes its key from, when a model names none."""

PICO_PER_MILLION = 1_000_000
_OF_A_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASS(WD|WORD|PHRASE)|CREDENTIAL", re.IGNORECASE)
_OWN = ("CREWCTL_", "PGPASS")
"""What names like these hold is crewctl's own: the way into the account, and what its webhook believes."""
_SOMEBODYS = re.compile(r"://[^/]*@")
_REFERENCE = re.compile(r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass
class Said:
    """What a chain of entries set, key by key, and where; `where` is the chain's last entry."""

    where: Where
    values: dict[str, Any] = field(default_factory=dict)
    places: dict[str, Where] = field(default_factory=dict)


def model_at_end(name: str, model: str, said: Said, findings: Findings, world: World) -> PlannedModel | None:
    """Return the planned model, or None with the reason in `findings`."""
    kind = _kind(model, said, findings)
    if kind is None:
        return None
    base_url = _base_url(said, findings, world) if kind == "provider" else None
    if kind == "provider":
        _refuse_elsewhere(model, base_url, said, findings)
    return PlannedModel(
        name=name,
        kind=kind,
        model=model,
        base_url=base_url,
        api_key_env=_key_name(model, kind, said),
        timeout=said.values.get("timeout"),
        max_output_tokens=said.values.get("max_output_tokens") or DEFAULT_OUTPUT_TOKENS,
        context_window=said.values.get("context_window"),
        temperature=said.values.get("temperature"),
        stream=said.values.get("stream", False),
        price=_price(model, kind, base_url, said, world),
        script=_script(said, findings, world) if kind == "scripted" else None,
        fallback=said.values.get("fallback"),
    )


def _refuse_elsewhere(model: str, base_url: str | None, said: Said, findings: Findings) -> None:
    """Refuse a model that would be asked where the policy lets nobody ask; also one at an unreadable address."""
    allowed = findings.catalogue.policy.models.endpoints
    if allowed is None or (base_url is None and said.values.get("base_url") is not None):
        return  # nothing is listed, or its address was refused already
    key = str(said.values.get("api_key") or "")[len("${env:") : -1]
    if is_an_address(key):
        wrong = f"{model!r} would be given {key} as its key, from which clients of models read an address"
        findings.add(said.places["api_key"], RULE, wrong, help="name the variable that holds the key")
    if not is_allowed(allowed, model, base_url):
        wrong = f"{model!r} would be asked at {asked_at(model, base_url)}, which {POLICY_FILE} does not list"
        advice = f"name another model, or have {POLICY_FILE} list the endpoint under models"
        place = said.places.get("base_url", said.where)
        findings.add(place, RULE, wrong, label="not an endpoint of this project", help=advice)


def price_from(spec: PriceSpec | Literal["free"], source: str) -> Price:
    """Return a written price per token, rounded up to whole pico-dollars."""
    if spec == "free":
        return Price(input=0, output=0, source=source)
    return Price(
        input=-(-spec.input // PICO_PER_MILLION), output=-(-spec.output // PICO_PER_MILLION), source=source
    )


def _kind(model: str, said: Said, findings: Findings) -> Literal["offline", "scripted", "provider"] | None:
    if model == "offline":
        return "offline"
    if model == "scripted":
        return "scripted"
    if "/" in model:
        return "provider"
    findings.add(
        said.where,
        "unknown-model",
        f"there is no model {model!r}",
        label=did_you_mean(model, [*findings.catalogue.models, *SIMULATED]),
        help="use a name of config/models.yaml, offline, or provider/model",
    )
    return None


def _key_name(model: str, kind: str, said: Said) -> str | None:
    if kind != "provider":
        return None
    reference = said.values.get("api_key")
    if reference is not None:
        return str(reference)[len("${env:") : -1]
    # A provider's key is never sent to an endpoint that somebody else chose.
    if said.values.get("base_url") is not None:
        return None
    return KEY_OF_PROVIDER.get(model.split("/", 1)[0])


def _base_url(said: Said, findings: Findings, world: World) -> str | None:
    written = said.values.get("base_url")
    if written is None:
        return None
    place = said.places["base_url"]
    names = _REFERENCE.findall(written)
    own = findings.catalogue.policy.webhook.secret
    if hidden := next((name for name in names if _is_hidden(name, said, own)), None):
        # Its value would be printed, committed with approvals, and sent to whatever host the address names.
        wrong = f"base_url takes {hidden}, which is a secret and no part of an address"
        findings.add(place, "bad-url", wrong, help="name a key in api_key, and nowhere else")
        return None
    missing = [name for name in names if not world.environment(name)]
    for name in missing:
        findings.add(
            place,
            "missing-variable",
            f"base_url needs the environment variable {name}, which is not set",
            help=f"set it with: export {name}=…",
        )
    if missing:
        return None
    url = _REFERENCE.sub(lambda match: world.environment(match.group(1)) or "", written)
    if wrong := _wrong_url(url):
        # The address may come from the environment and hold a secret: it is not repeated here.
        findings.add(place, "bad-url", f"base_url {wrong}", help="write it as https://host/path")
        return None
    return url


def _is_hidden(name: str, said: Said, own: str) -> bool:
    """Tell whether the variable is a secret: by its name, as the model's key, or as crewctl's own."""
    by_name = _OF_A_SECRET.search(name) is not None or name.startswith(_OWN)
    return by_name or f"${{env:{name}}}" in {said.values.get("api_key"), own}


def _wrong_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it checks it
    except ValueError:
        return "is not an address"
    if not url.isprintable() or " " in url:
        return "holds a blank or a control character"
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return "is not an http or https address"
    return _secret_in(parts)


def _secret_in(parts: SplitResult) -> str:
    # The endpoint is part of the plan, which is digested, stored and committed.
    # What stands in a path may be another address, such as a database's, with its password.
    if parts.username is not None or parts.password is not None or _SOMEBODYS.search(parts.path):
        return "holds a user name or password; a key belongs in api_key"
    return "has a query or fragment; a key belongs in api_key" if parts.query or parts.fragment else ""


def _price(model: str, kind: str, base_url: str | None, said: Said, world: World) -> Price | None:
    written = said.values.get("price")
    if written is not None:
        return price_from(written, said.places["price"].file)
    if kind != "provider":
        return Price(input=0, output=0, source="simulated")
    return world.price(model, base_url)


def _script(said: Said, findings: Findings, world: World) -> str | None:
    file = said.values.get("script")
    if file is None:
        findings.add(
            said.where, "no-script", "a scripted model needs a script", help="add: script: path/to/file.yaml"
        )
        return None
    read = findings.catalogue.scripts.get(file)
    content = read.source.content if read is not None else world.project_file(file)
    text = _text(content)
    if text is None:
        findings.add(
            said.places["script"],
            "no-script",
            f"the script {file!r} is not a readable text file of this project",
            help="name a file by its path from the project's folder",
        )
    return text


def _text(content: bytes | None) -> str | None:
    try:
        return None if content is None else content.decode("utf-8")
    except UnicodeDecodeError:
        return None
