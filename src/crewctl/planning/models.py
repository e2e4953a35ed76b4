"""Follow a model's name through config/models.yaml to the real model at its end."""

from __future__ import annotations

from dataclasses import dataclass, field

from crewctl.catalogue.kinds import MODELS_FILE
from crewctl.catalogue.model_names import BUILT_IN, RECORDED
from crewctl.catalogue.specs.model_spec import ModelSpec
from crewctl.planning.findings import Findings, Where
from crewctl.planning.model_end import Said, model_at_end
from crewctl.planning.model_recorded import recorded_model
from crewctl.planning.plan import PlannedModel
from crewctl.planning.port import World


@dataclass
class ModelResolver:
    """Resolves each model once; `models` holds them in order of first use."""

    findings: Findings
    world: World
    models: dict[str, PlannedModel] = field(default_factory=dict)

    def resolve(self, llm: str | ModelSpec, owner: str, where: Where) -> str:
        """Return the planned name of what `llm` says; problems go to the findings.

        A mapping written in place is called ``<owner>.llm``.
        """
        name = llm if isinstance(llm, str) else self._free_name(f"{owner}.llm")
        if name not in self.models:
            planned = self._follow(name, llm, where)
            if planned is not None:
                self.models[name] = planned
                if planned.fallback is not None:
                    self.resolve(planned.fallback, owner, where)
        return name

    def _free_name(self, name: str) -> str:
        # An entry may bear this very name, and be another model.
        return self._free_name(f"{name}'") if name in self.findings.catalogue.models else name

    def _follow(self, name: str, llm: str | ModelSpec, where: Where) -> PlannedModel | None:
        said = Said(where)
        chain: list[str] = []
        step = llm
        while True:
            if isinstance(step, ModelSpec):
                self._take(said, step, where)
                step = step.model
            if step in chain:
                shown = " → ".join([*chain[chain.index(step) :], step])
                self.findings.add(said.where, "model-circle", f"model {step!r} leads back to itself: {shown}")
                return None
            entry = self.findings.catalogue.models.get(step)
            if entry is None and step == RECORDED:
                return recorded_model([name, *chain], said, self.findings, self.world)
            if entry is None:
                return model_at_end(name, BUILT_IN.get(step, step), said, self.findings, self.world)
            chain.append(step)
            where = Where(MODELS_FILE, (step,))
            said.where = where
            step = entry

    def _take(self, said: Said, spec: ModelSpec, where: Where) -> None:
        """Note what `spec` sets, unless an entry that points to it has set it already."""
        for key in spec.model_fields_set - {"model"} - said.values.keys():
            said.values[key] = getattr(spec, key)
            said.places[key] = Where(where.file, (*where.path, key))
