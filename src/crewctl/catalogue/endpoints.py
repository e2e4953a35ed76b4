"""Whether the policy lets a model be asked where it would be asked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

RULE = "endpoint-not-allowed"

OWN = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com",
    "gemini": "https://generativelanguage.googleapis.com",
    "openrouter": "https://openrouter.ai/api/v1",
    "deepseek": "https://api.deepseek.com/v1",
    "cerebras": "https://api.cerebras.ai/v1",
    "dashscope": "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
    "deepinfra": "https://api.deepinfra.com/v1/openai",
    "ollama": "http://localhost:11434/v1",
    "hosted_vllm": "http://localhost:8000/v1",
}
"""Where CrewAI asks a provider's model that has no address of its own. Of other providers crewctl does not know it."""

_SAME = {
    "claude": "anthropic",
    "google": "gemini",
    "azure_openai": "azure",
    "aws": "bedrock",
    "ollama_chat": "ollama",
}
_DEAF = frozenset({"azure", "bedrock", "gemini"})
"""Providers whose clients in CrewAI take no base_url: they ask where they always do."""

_ADDRESS = re.compile(r"(?:URL|API_BASE|ENDPOINT|HOST|PROXY)$", re.IGNORECASE)
_PORTS = {"http": 80, "https": 443}


def is_allowed(allowed: Iterable[str], model: str, base_url: str | None) -> bool:
    """Tell whether ``provider/model`` at `base_url`, or at its provider's own address, is in the policy's list.

    An address allows what lies below it; a provider's name allows that provider's own address.
    """
    provider = _provider(model)
    base_url = None if provider in _DEAF else base_url
    names = {_SAME.get(each, each) for each in allowed if "://" not in each}
    if base_url is None and provider in names:
        return True
    asked = base_url or OWN.get(provider)
    addresses = [each if "://" in each else OWN.get(_SAME.get(each, each), "") for each in allowed]
    return asked is not None and any(
        _lies_below(urlsplit(asked), urlsplit(each)) for each in addresses if each
    )


def asked_at(model: str, base_url: str | None) -> str:
    """Return where the model is asked, in words."""
    own = OWN.get(_provider(model))
    if _provider(model) in _DEAF and base_url is not None:
        return f"{own or 'an address of its own'}, for its client takes no base_url"
    if base_url is not None:
        return base_url
    return own or f"an address of '{_provider(model)}' that crewctl does not know"


def is_an_address(variable: str) -> bool:
    """Tell by its name whether the clients of models may read an address from the variable, and no key."""
    return _ADDRESS.search(variable) is not None


def in_the_clear(base_url: str) -> bool:
    """Tell whether what is sent there goes through a network as it is: neither https nor this very machine."""
    parts = urlsplit(base_url)
    return parts.scheme == "http" and not _is_this_machine((parts.hostname or "").lower())


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:  # a name, which may be anybody's
        return False


def _provider(model: str) -> str:
    provider = model.partition("/")[0].lower()
    return _SAME.get(provider, provider)


def _lies_below(asked: SplitResult, listed: SplitResult) -> bool:
    if _place(asked) != _place(listed):
        return False
    above = listed.path.rstrip("/")
    # Whoever follows dots in a path leaves what was allowed.
    dotted = ".." in asked.path.split("/") or "%" in asked.path or "\\" in asked.path
    return not above or (not dotted and f"{asked.path}/".startswith(f"{above}/"))


def _place(parts: SplitResult) -> tuple[str, str, int | None]:
    return parts.scheme, (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme)
