"""What config/models.yaml says about one model."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Discriminator, Field, StringConstraints, Tag, model_validator

from crewctl.catalogue.specs.quantities import Duration, Money
from crewctl.catalogue.specs.spec import MAPPING, TEXT, Prose, Spec, shape

DEFAULT_OUTPUT_TOKENS = 4096
"""The output cap of a model that names none: without a cap no budget can hold."""

EnvReference = Annotated[str, StringConstraints(pattern=r"^\$\{env:[A-Za-z_][A-Za-z0-9_]*\}$")]
"""``${env:NAME}``: the only way a secret enters a file."""


class PriceSpec(Spec):
    """Price per million tokens."""

    input: Money
    output: Money


PriceChoice = Annotated[
    Annotated[Literal["free"], Tag(TEXT)] | Annotated[PriceSpec, Tag(MAPPING)], Discriminator(shape)
]


def _model_or_replay(schema: dict[str, Any]) -> None:
    schema["required"] = [name for name in schema["required"] if name != "model"]
    schema["anyOf"] = [{"required": ["model"]}, {"required": ["replay"]}]


class ModelSpec(Spec):
    """One model: ``offline``, ``scripted``, another entry's name, or CrewAI's ``provider/model``.

    `fallback` is the model that takes over when this one keeps failing. With `replay` the model is
    ``recorded``: the recording of that run answers, and `model` need not be said.
    """

    model_config = ConfigDict(json_schema_extra=_model_or_replay)

    model: Prose
    base_url: Prose | None = None
    api_key: EnvReference | None = None
    timeout: Duration | None = None
    max_output_tokens: Annotated[int, Field(ge=16)] | None = None
    context_window: Annotated[int, Field(ge=1024)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    stream: bool = False
    price: PriceChoice | None = None
    script: str | None = None
    fallback: Prose | None = None
    replay: Prose | None = None

    @model_validator(mode="before")
    @classmethod
    def _replay_is_recorded(cls, value: Any) -> Any:
        if isinstance(value, dict) and "replay" in value and "model" not in value:
            return {**value, "model": "recorded"}
        return value
