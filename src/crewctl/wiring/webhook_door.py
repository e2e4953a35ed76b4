"""Takes signed requests to the registry: one request, one run, however often it is sent."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from crewctl.adapters.webhook import Answer, Asked, KickOff, Webhook
from crewctl.catalogue.kinds import crew_file
from crewctl.catalogue.specs.spec import NAME
from crewctl.errors import InvalidError, StoreError, UsageError
from crewctl.registry.carry_out import StartRooms, carry_out, digest_of
from crewctl.registry.given_inputs import inputs_from_json
from crewctl.registry.left_over import LEFT
from crewctl.running.starts import Start, Starts, line_of
from crewctl.wiring.starting_line import ProjectLine, worker_name

if TYPE_CHECKING:
    from crewctl.planning.inputs import Value
    from crewctl.wiring.project import Project

SHORTEST_SECRET = 16
_CREW = re.compile(NAME)


def _nobody(_: str) -> None:
    """Nobody listens."""


def webhook_of(project: Project, address: str, tell: Callable[[str], None] = _nobody) -> Webhook:
    """Return the project's webhook, not started yet; UsageError when there is no secret to check with.

    `tell` hears a line about each start, from any thread.
    """
    return Webhook(address, _secret(project), kick_off_of(project, tell), time.time)


def kick_off_of(project: Project, tell: Callable[[str], None] = _nobody) -> KickOff:
    """Return what answers a request whose signature is right."""

    def kick_off(asked: Asked) -> Answer:
        if not _CREW.fullmatch(asked.crew) or not (project.root / crew_file(asked.crew)).is_file():
            return Answer(404, {"error": "there is no crew of this name"})
        try:
            inputs = inputs_from_json(asked.body)
            full = project.held_back("webhook")
            if full:
                return Answer(503, {"error": full})
            return _answer(
                asked, inputs, StartRooms(project.starts, ProjectLine(project), worker_name()), tell
            )
        except InvalidError as error:
            return Answer(400, {"error": error.message, "help": error.help})
        except StoreError:
            return Answer(503, {"error": "the account cannot be written now; send the request again"})

    return kick_off


def _answer(asked: Asked, inputs: dict[str, Value], rooms: StartRooms, tell: Callable[[str], None]) -> Answer:
    now = datetime.now(UTC)
    start = Start(
        key=f"webhook:{asked.crew}:{asked.key}",
        kind="webhook",
        crew=asked.crew,
        name=asked.key,
        at=now,
        worker=rooms.worker,
        touched=now,
        inputs_sha256=digest_of(inputs),
    )
    if not rooms.starts.claim(start):
        known = rooms.starts.find(start.key)
        if known is not None and known.inputs_sha256 != start.inputs_sha256:
            return Answer(409, {"error": "this Idempotency-Key was used for other inputs"})
        if known is not None and known.state == "started":
            return Answer(202, {"run": known.run, "crew": known.crew, "repeated": True})
        if known is None or not _may_try_again(known, rooms.starts, rooms.worker, now):
            return Answer(
                409, {"error": "this request is being answered just now; send it again in a moment"}
            )
    done = carry_out(start, inputs, rooms, now)
    tell(line_of(done))
    if done.state == "started":
        return Answer(202, {"run": done.run, "crew": done.crew, "repeated": False})
    if done.state == "claimed":
        return Answer(503, {"error": "the account cannot be written now; send the request again"})
    problems = (done.told or done.note).splitlines()
    return Answer(422, {"error": f"crew {done.crew} was not started", "problems": problems})


def _may_try_again(known: Start, starts: Starts, worker: str, now: datetime) -> bool:
    """Claim a start again that came to nothing: the files may have been put right since."""
    was_left = known.state == "claimed" and now - (known.touched or known.at) > LEFT
    return (known.state == "failed" or was_left) and starts.take_over(known, worker, now)


def _secret(project: Project) -> bytes:
    name = project.catalogue.policy.webhook.secret.removeprefix("${env:").removesuffix("}")
    secret = os.environ.get(name, "").encode()
    if len(secret) < SHORTEST_SECRET:
        said = "is not set" if not secret else f"has fewer than {SHORTEST_SECRET} characters"
        raise UsageError(
            f"requests to the webhook are signed with the secret in {name}, which {said}",
            help=f"set it with: export {name}=$(openssl rand -hex 32)",
        )
    return secret
