"""Models are asked where the policy lets them be asked, and no key goes through a network as it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from crewctl.catalogue.draft import Draft
from crewctl.catalogue.endpoints import RULE, asked_at, in_the_clear, is_allowed, is_an_address
from crewctl.catalogue.kinds import AGENTS_FILE, MODELS_FILE, POLICY_FILE, crew_file
from crewctl.catalogue.model_names import chain, real_model
from crewctl.catalogue.specs.crew_spec import HierarchicalCrew
from crewctl.catalogue.specs.model_spec import ModelSpec
from crewctl.catalogue.yaml_source import Path
from crewctl.diagnostics.problem import Problem, Related, Severity

_FROM_ENVIRONMENT = "${env:"


class _Link(NamedTuple):
    """One of the entries that say what a model is, and where it stands."""

    spec: ModelSpec
    file: str
    path: Path


class _Asked(NamedTuple):
    """A real model, where it is asked, the variable of its own key if it has one, and the place that says so."""

    model: str
    base_url: str | None
    key: str
    file: str
    path: Path


def endpoints_allowed(draft: Draft) -> Iterator[Problem]:
    """Yield a problem for every model that would be asked elsewhere than the policy lists.

    An address from the environment is only known when a crew is planned, which looks again.
    """
    if not draft.declared.policy_is_known:
        return
    allowed = draft.catalogue.policy.models.endpoints
    for asked in _all_asked(draft):
        if asked.base_url is not None and _FROM_ENVIRONMENT in asked.base_url:
            continue
        try:
            fits = True if allowed is None else is_allowed(allowed, asked.model, asked.base_url)
            clear = allowed is None and asked.key and in_the_clear(asked.base_url or "")
        except ValueError:
            continue  # no address at all, which planning says
        if allowed is not None and is_an_address(asked.key):
            yield _key_is_an_address(draft, asked)
        if not fits:
            yield _elsewhere(draft, asked)
        elif clear:
            yield _key_in_the_clear(draft, asked)


def _all_asked(draft: Draft) -> Iterator[_Asked]:
    models = draft.catalogue.models
    for name in models:
        yield from _asked(draft, name, _links(draft, name), (MODELS_FILE, (name,)))
    for name, agent in draft.catalogue.agents.items():
        here: Path = (name, "llm")
        if isinstance(agent.llm, ModelSpec):
            links = [_Link(agent.llm, AGENTS_FILE, here), *_links(draft, agent.llm.model)]
            yield from _asked(draft, agent.llm.model, links, (AGENTS_FILE, here))
        elif agent.llm not in models:
            yield from _asked(draft, agent.llm, [], (AGENTS_FILE, here))
    for name, crew in draft.catalogue.crews.items():
        if isinstance(crew, HierarchicalCrew) and crew.manager not in {*models, *draft.catalogue.agents}:
            yield from _asked(draft, crew.manager, [], (crew_file(name), ("manager",)))


def _links(draft: Draft, first: str) -> list[_Link]:
    """Return the entries that lead from `first` to its real model; a text entry is the model's name itself."""
    return [_Link(spec, MODELS_FILE, (name,)) for name, spec in chain(draft.catalogue.models, first)]


def _asked(draft: Draft, first: str, links: list[_Link], said: tuple[str, Path]) -> Iterator[_Asked]:
    model = real_model(draft.catalogue.models, first)
    if "/" not in model or model in draft.catalogue.models:
        return
    addressed = next((link for link in links if link.spec.base_url is not None), None)
    key = next((_named(link.spec.api_key) for link in links if link.spec.api_key is not None), "")
    if addressed is not None:
        path = (*addressed.path, "base_url")
        yield _Asked(model, addressed.spec.base_url, key, addressed.file, path)
        return
    file, path = (links[-1].file, links[-1].path) if links else said
    # A model that is written as text is the name itself; in a mapping it has a key of its own.
    is_text = file == MODELS_FILE and not isinstance(draft.data(file).get(str(path[0])), dict)
    yield _Asked(model, None, key, file, path if is_text or not links else (*path, "model"))


def _named(key: str) -> str:
    return key[len(_FROM_ENVIRONMENT) : -1]


def _key_is_an_address(draft: Draft, asked: _Asked) -> Problem:
    return Problem(
        draft.place(asked.file, asked.path),
        RULE,
        f"'{asked.model}' would be given {asked.key} as its key, from which clients of models read an address",
        "asked at whatever it holds",
        "name the variable that holds the key",
    )


def _elsewhere(draft: Draft, asked: _Asked) -> Problem:
    where = asked_at(asked.model, asked.base_url)
    listed = Related(
        draft.place(POLICY_FILE, ("models", "endpoints")), "these are the endpoints of this project"
    )
    return Problem(
        draft.place(asked.file, asked.path),
        RULE,
        f"'{asked.model}' would be asked at {where}, which {POLICY_FILE} does not list",
        "not an endpoint of this project",
        f"name another model, or have {POLICY_FILE} list the endpoint under models",
        (listed,),
    )


def _key_in_the_clear(draft: Draft, asked: _Asked) -> Problem:
    return Problem(
        draft.place(asked.file, asked.path),
        "key-in-the-clear",
        f"the key of '{asked.model}' is sent to {asked.base_url} as it is: whoever is on the way can read it",
        "neither https nor this machine",
        f"write https://, or have {POLICY_FILE} list the endpoints under models",
        severity=Severity.WARNING,
    )
