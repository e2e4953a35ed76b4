"""Checks across files, one a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from crewctl.catalogue.checks.agents_exist import agents_exist
from crewctl.catalogue.checks.agents_given import agents_given
from crewctl.catalogue.checks.async_order import async_order
from crewctl.catalogue.checks.card_rules import card_rules
from crewctl.catalogue.checks.contestants_differ import contestants_differ
from crewctl.catalogue.checks.context_in_order import context_in_order
from crewctl.catalogue.checks.endpoints_allowed import endpoints_allowed
from crewctl.catalogue.checks.entries_have_crews import entries_have_crews
from crewctl.catalogue.checks.fallbacks_hold import fallbacks_hold, tools_of_stand_ins
from crewctl.catalogue.checks.fields_have_effect import fields_have_effect
from crewctl.catalogue.checks.guardrails import guardrails
from crewctl.catalogue.checks.inputs_declared import inputs_declared
from crewctl.catalogue.checks.inputs_fit import inputs_fit
from crewctl.catalogue.checks.leader_only_leads import leader_only_leads
from crewctl.catalogue.checks.limits_sane import limits_sane
from crewctl.catalogue.checks.markets_hold_together import markets_hold_together
from crewctl.catalogue.checks.metered_tools import metered_tools
from crewctl.catalogue.checks.models_exist import models_exist
from crewctl.catalogue.checks.output_files import output_files
from crewctl.catalogue.checks.outputs_described import outputs_described
from crewctl.catalogue.checks.oversight import oversight
from crewctl.catalogue.checks.prices_needed import prices_needed
from crewctl.catalogue.checks.providers_installed import providers_installed
from crewctl.catalogue.checks.providers_named import providers_named
from crewctl.catalogue.checks.recordings_answer import recordings_answer
from crewctl.catalogue.checks.recordings_named import recordings_named
from crewctl.catalogue.checks.retries_sane import retries_sane
from crewctl.catalogue.checks.roles_differ import roles_differ
from crewctl.catalogue.checks.rubrics_exist import rubrics_exist
from crewctl.catalogue.checks.schedules_hold import schedules_hold
from crewctl.catalogue.checks.scripts_exist import scripts_exist
from crewctl.catalogue.checks.scripts_fit import scripts_fit
from crewctl.catalogue.checks.secrets_elsewhere import secrets_elsewhere
from crewctl.catalogue.checks.tasks_exist import tasks_exist
from crewctl.catalogue.checks.tools_compile import tools_compile
from crewctl.catalogue.checks.tools_defined import tools_defined
from crewctl.catalogue.checks.tools_exist import tools_exist
from crewctl.catalogue.checks.triggers_hold import triggers_hold
from crewctl.catalogue.draft import Draft
from crewctl.diagnostics.problem import Problem

Check = Callable[[Draft], Iterable[Problem]]

CHECKS: tuple[Check, ...] = (
    agents_exist,
    tasks_exist,
    tools_exist,
    tools_compile,
    tools_defined,
    models_exist,
    recordings_named,
    recordings_answer,
    scripts_exist,
    scripts_fit,
    providers_installed,
    endpoints_allowed,
    providers_named,
    rubrics_exist,
    entries_have_crews,
    agents_given,
    context_in_order,
    async_order,
    contestants_differ,
    markets_hold_together,
    leader_only_leads,
    inputs_declared,
    inputs_fit,
    output_files,
    outputs_described,
    roles_differ,
    guardrails,
    secrets_elsewhere,
    prices_needed,
    oversight,
    card_rules,
    metered_tools,
    limits_sane,
    retries_sane,
    fallbacks_hold,
    tools_of_stand_ins,
    fields_have_effect,
    schedules_hold,
    triggers_hold,
)
"""Every check; each looks at the whole catalogue and yields what it finds."""

OF_STARTS: tuple[Check, ...] = (schedules_hold, triggers_hold)
"""Those that also look at what is left of an entry with mistakes elsewhere in it."""
