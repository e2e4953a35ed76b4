"""The family of a model: models of one maker tend to prefer their own texts."""

from __future__ import annotations

import re
from collections.abc import Mapping

_FAMILIES: Mapping[str, str] = {
    "openai": r"gpt|o[134](?:-|$)|chatgpt|openai",
    "anthropic": r"claude|anthropic",
    "google": r"gemini|gemma|palm|google",
    "meta": r"llama|meta",
    "mistral": r"mistral|mixtral|ministral|codestral|magistral",
    "qwen": r"qwen|qwq",
    "deepseek": r"deepseek",
    "xai": r"grok|xai",
    "cohere": r"command|aya|cohere",
    "microsoft": r"phi-?\d|phi$",
    "amazon": r"nova|titan",
}


def family_of(model: str) -> str:
    """Return who made a model, by its name; its provider where the name says nothing.

    A fine-tuned model counts with the one it was made from, as far as its name tells.
    """
    *providers, name = model.lower().split("/")
    for part in (name, *reversed(providers)):
        for family, form in _FAMILIES.items():
            if re.search(rf"(?:^|[^a-z0-9])(?:{form})", part):
                return family
    return providers[0] if providers else name
