"""Asks a model server over httpx's asynchronous client, streaming, and then again from the recording."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

import httpx

from crewctl.adapters import crewai_http
from crewctl.adapters.child_protocol import Exchanged, Granted, Replayed
from crewctl.adapters.crewai_exchanges import Exchanges
from crewctl.adapters.crewai_purposes import Speaker
from crewctl.adapters.crewai_turns import Turns
from crewctl.planning.plan import Retry
from crewctl.testing.recorded_exchanges import recording_of
from crewctl.testing.small_plans import small_model


class Told:
    """Stands where the pipes to the parent are: grants every turn, and keeps what is said."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.asked = 0

    def ask(self, _: object) -> Granted:
        self.asked += 1
        return Granted(id=self.asked, grant=self.asked, output_cap=100)

    def settle(self, said: Any) -> None:
        self.events.append(said)

    def event(self, said: Any) -> None:
        self.events.append(said)


async def ask(url: str, *, stream: bool) -> str:
    body = {"model": "plain", "messages": [{"role": "user", "content": "Hello."}], "stream": stream}
    async with (
        httpx.AsyncClient() as client,
        client.stream("POST", f"{url}/chat/completions", json=body) as said,
    ):
        return (await said.aread()).decode()


def turns_of(told: Any, *recordings: Any) -> Turns:
    model = small_model(None)
    return Turns(Exchanges(told, recordings), Retry(attempts=1, backoff=0.1), Speaker("writer"), model)


def main(url: str) -> dict[str, Any]:
    send = httpx.AsyncHTTPTransport.handle_async_request
    found: dict[str, Any] = {}
    for stream in (False, True):
        first, second = Told(), Told()
        httpx.AsyncHTTPTransport.handle_async_request = send
        crewai_http.install(turns_of(first))
        answer = asyncio.run(ask(url, stream=stream))
        recording = recording_of([one for one in first.events if isinstance(one, Exchanged)])
        httpx.AsyncHTTPTransport.handle_async_request = send
        crewai_http.install(turns_of(second, recording))
        again = asyncio.run(ask(url, stream=stream))
        found["stream" if stream else "plain"] = {
            "equal": answer == again and bool(answer),
            "asked": [first.asked, second.asked],
            "replayed": sum(isinstance(one, Replayed) for one in second.events),
        }
    return found


if __name__ == "__main__":
    result = main(sys.argv[2])
    with os.fdopen(int(sys.argv[1]), "w") as file:
        json.dump(result, file)
