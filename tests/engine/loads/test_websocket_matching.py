"""Websockets that do not echo: opening messages, custom messages, and what answers them."""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from dashboard.wire.failure import Failure
from dashboard.wire.frame import UNKNOWN, EnvelopeReader, decode, is_event
from dashboard.wire.plan.exchange import Exchange, OpeningStep
from dashboard.wire.plan.load import Burst
from dashboard.wire.plan.plan import Firing
from dashboard.wire.plan.request_mode import RequestMode
from tests.firing import burst

pytestmark = [pytest.mark.processes, pytest.mark.asyncio(loop_scope="module")]

Serve = Callable[[ServerConnection], Awaitable[None]]
NOTHING = {"ignored": 0, "without_answer": 0, "unopened": 0, "awaited": "", "last": ""}
RPC = Exchange(message='{"jsonrpc": "2.0", "id": {n}, "method": "add"}', answer="json.id={n}")


@asynccontextmanager
async def serving(handle: Serve) -> AsyncIterator[int]:
    async def safely(connection: ServerConnection) -> None:
        try:
            await handle(connection)
        except ConnectionClosed:
            return

    async with serve(safely, "127.0.0.1", 0) as server:
        yield next(iter(server.sockets)).getsockname()[1]


async def exchanged(
    process: Process, handle: Serve, exchange: Exchange, load: Burst, timeout_s: float = 5
) -> tuple[list[dict[str, int]], dict[str, Any]]:
    """Fire, and return the samples and the key `websocket` of the event `fired`."""
    mode = RequestMode(websocket=True, exchange=exchange)
    async with serving(handle) as port:
        plain = burst(port, "/ws/", 1, 1, request_mode=mode, timeout_s=timeout_s)
        firing = Firing(**{**vars(plain), "load": load})
        assert Firing.from_json(json.loads(json.dumps(firing.to_json()))) == firing
        return await _fired(process, firing)


async def _fired(process: Process, firing: Firing) -> tuple[list[dict[str, int]], dict[str, Any]]:
    assert process.stdin
    assert process.stdout
    process.stdin.write(json.dumps({"fire": firing.to_json()}).encode() + b"\n")
    rows: list[dict[str, int]] = []
    reader = EnvelopeReader()
    while True:
        for _, payload in reader.feed(await process.stdout.read(65536)):
            if is_event(payload):
                event = json.loads(payload)
                if event["event"] == "fired":
                    return rows, event["websocket"]
                continue
            frame = decode(payload)
            if frame.kind == "samples":
                columns = frame.columns
                rows += [{key: columns[key][at] for key in columns} for at in range(frame.rows)]


def errors_of(rows: list[dict[str, int]]) -> set[int]:
    return {row["error"] for row in rows}


async def test_json_rpc_is_matched_by_its_id_among_notifications(process: Process) -> None:
    async def rpc(connection: ServerConnection) -> None:
        await connection.send('{"method": "welcome"}')
        async for message in connection:
            call = json.loads(message)
            await connection.send(json.dumps({"id": call["id"] + 1, "result": "another's"}))
            await connection.send(json.dumps({"id": call["id"], "result": call["method"]}))

    rows, summary = await exchanged(process, rpc, RPC, Burst(30, 3))
    assert errors_of(rows) == {Failure.NONE}
    assert sorted(row["request"] for row in rows) == list(range(30))
    assert summary["without_answer"] == 0
    # Some of the last notifications may arrive after the last answer.
    assert 30 <= summary["ignored"] <= 33


async def test_an_opening_is_sent_once_on_each_connection_and_not_timed(process: Process) -> None:
    received: list[list[str]] = []

    async def subscribed(connection: ServerConnection) -> None:
        mine: list[str] = []
        received.append(mine)
        async for message in connection:
            mine.append(str(message))
            if mine[:2] != ["auth", "subscribe"][: len(mine)]:
                await connection.close(4401, "Unauthorized")
            elif len(mine) > 2:
                await connection.send(f"price of {mine[-1]}")

    opening = (OpeningStep("auth"), OpeningStep("subscribe"))
    exchange = Exchange(opening, "tea", "contains price of tea")
    rows, _ = await exchanged(process, subscribed, exchange, Burst(8, 2))
    assert errors_of(rows) == {Failure.NONE}
    assert len(received) == 2
    assert sum(map(len, received)) == 2 * 2 + 8
    assert all(mine[:2] == ["auth", "subscribe"] for mine in received)


@dataclass
class Channel:
    """A consumer that greets, answers each command after a while, and messages once subscribed.

    `log` is what happened, in order: "> text" was received, "< text" was sent. A message that
    comes before all commands were answered closes the connection, as a strict consumer does.
    """

    commands: tuple[str, ...] = ("auth", "subscribe")
    greeting: str = "welcome"
    delay_s: float = 0.1
    noise: str = ""
    log: list[str] = field(default_factory=list)

    async def __call__(self, connection: ServerConnection) -> None:
        if self.greeting:
            await asyncio.sleep(self.delay_s)
            await self.send(connection, self.greeting)
        answered = 0
        async for received in connection:
            text = str(received)
            self.log.append(f"> {text}")
            if answered < len(self.commands):
                if text != self.commands[answered]:
                    await connection.close(4400, f"expected {self.commands[answered]}")
                    return
                if self.noise:
                    await self.send(connection, self.noise)
                await asyncio.sleep(self.delay_s)
                await self.send(connection, json.dumps({"type": f"{text}-ok"}))
                answered += 1
            else:
                await self.send(connection, f"price of {text}")

    async def send(self, connection: ServerConnection, text: str) -> None:
        self.log.append(f"< {text}")
        await connection.send(text)


GREETED = OpeningStep(None, "contains welcome")
AUTH = OpeningStep("auth", "json.type=auth-ok")
SUBSCRIBE = OpeningStep("subscribe", "json.type=subscribe-ok")


async def test_each_answer_of_an_opening_is_waited_for_before_the_next_step(
    process: Process,
) -> None:
    channel = Channel()
    exchange = Exchange((GREETED, AUTH, SUBSCRIBE), "tea {n}", "contains price of tea {n}")
    rows, summary = await exchanged(process, channel, exchange, Burst(4, 1))
    assert errors_of(rows) == {Failure.NONE}
    assert summary == NOTHING
    opening = ["< welcome", "> auth", '< {"type": "auth-ok"}', "> subscribe"]
    assert channel.log[:5] == [*opening, '< {"type": "subscribe-ok"}']
    assert channel.log[5:] == [
        f"{way} tea {number}" for number in range(4) for way in (">", "< price of")
    ]
    # Only the first message was held back, and that before it was sent.
    first, *others = sorted(rows, key=lambda row: row["request"])
    held_back = first["sent_first"] - first["due"]
    assert held_back >= 0.3e9
    assert all(row["sent_first"] - row["due"] < held_back for row in others)
    assert min(row["done"] - row["sent_first"] for row in rows) < 0.3e9


async def test_every_connection_has_an_opening_of_its_own(process: Process) -> None:
    channel = Channel(delay_s=0.01)
    exchange = Exchange((GREETED, AUTH, SUBSCRIBE), "tea", "contains price of tea")
    rows, _ = await exchanged(process, channel, exchange, Burst(12, 3))
    assert errors_of(rows) == {Failure.NONE}
    assert channel.log.count("> subscribe") == 3
    assert channel.log.count("> tea") == 12


@pytest.mark.parametrize(
    ("opening", "noise", "ignored"),
    [
        ((AUTH, SUBSCRIBE), "", 1),  # the greeting is another message
        ((OpeningStep("auth", "any"), SUBSCRIBE), "", 1),  # and is taken for the answer
        ((GREETED, AUTH, SUBSCRIBE), "tick", 2),
        # Steps that wait and steps that do not.
        ((OpeningStep("auth"), SUBSCRIBE), "", 2),
    ],
)
async def test_other_messages_during_an_opening_are_counted(
    process: Process, opening: tuple[OpeningStep, ...], noise: str, ignored: int
) -> None:
    channel = Channel(noise=noise, delay_s=0.05)
    exchange = Exchange(opening, "tea", "contains price of tea")
    rows, summary = await exchanged(process, channel, exchange, Burst(2, 1))
    assert errors_of(rows) == {Failure.NONE}
    assert summary == {**NOTHING, "ignored": ignored}


async def test_an_opening_without_its_answer_times_out_and_names_the_rule(process: Process) -> None:
    missing = OpeningStep("subscribe", "json.type=subscribed")
    exchange = Exchange((AUTH, missing), "tea", "any")
    channel = Channel(greeting="", delay_s=0.01)
    rows, summary = await exchanged(process, channel, exchange, Burst(2, 2), timeout_s=0.5)
    assert errors_of(rows) == {Failure.TIMEOUT}
    assert "> tea" not in channel.log
    expected = {"unopened": 2, "awaited": "json.type=subscribed", "ignored": 2}
    assert summary == {**NOTHING, **expected, "last": '{"type": "subscribe-ok"}'}
    assert {row["sent_first"] for row in rows} == {UNKNOWN}


async def test_an_opening_that_is_refused_reports_the_close(process: Process) -> None:
    exchange = Exchange((OpeningStep("subscribe", "any"),), "tea", "any")
    channel = Channel(greeting="")
    rows, summary = await exchanged(process, channel, exchange, Burst(1, 1))
    assert errors_of(rows) == {Failure.CLOSED}
    assert (summary["unopened"], summary["without_answer"]) == (1, 0)
    assert summary["last"] == "closed with 4400 expected auth"


async def test_the_reason_of_a_close_is_reported(process: Process) -> None:
    async def strict(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.close(4401, "Unauthorized")

    rows, summary = await exchanged(
        process, strict, Exchange(message="tea", answer="any"), Burst(2, 2)
    )
    assert errors_of(rows) == {Failure.CLOSED}
    assert summary["last"] == "closed with 4401 Unauthorized"
    assert summary["without_answer"] == 2


async def test_other_messages_are_counted(process: Process) -> None:
    async def chatty(connection: ServerConnection) -> None:
        async def chatter() -> None:
            while True:
                await connection.send('{"type": "tick"}')
                await asyncio.sleep(0.01)

        talking = asyncio.create_task(chatter())
        try:
            async for message in connection:
                await asyncio.sleep(0.05)
                await connection.send(json.dumps({"type": "reply", "of": str(message)}))
        finally:
            talking.cancel()
            await asyncio.gather(talking, return_exceptions=True)

    exchange = Exchange(message="hello {n}", answer="json.of=hello {n}")
    rows, summary = await exchanged(process, chatty, exchange, Burst(4, 1))
    assert errors_of(rows) == {Failure.NONE}
    assert all(row["done"] - row["sent_first"] >= 0.05e9 for row in rows)
    assert summary["ignored"] >= 4


async def test_a_message_that_never_matches_is_a_timeout_and_is_quoted(process: Process) -> None:
    async def other(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(json.dumps({"error": "no such method", "of": message}) * 50)

    rows, summary = await exchanged(process, other, RPC, Burst(2, 2), timeout_s=0.3)
    assert errors_of(rows) == {Failure.TIMEOUT}
    assert (summary["ignored"], summary["without_answer"]) == (2, 2)
    assert summary["last"].startswith('{"error": "no such method"')
    assert len(summary["last"]) == 200


async def test_a_request_without_any_message_is_counted(process: Process) -> None:
    async def silent(connection: ServerConnection) -> None:
        async for _ in connection:
            pass

    rows, summary = await exchanged(process, silent, RPC, Burst(1, 1), timeout_s=0.3)
    assert errors_of(rows) == {Failure.TIMEOUT}
    assert summary == {**NOTHING, "without_answer": 1}


async def test_an_answer_in_several_frames_is_one_answer(process: Process) -> None:
    async def pieces(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send([str(message)[:2], str(message)[2:], " and more"])

    exchange = Exchange(message="number {n}", answer="contains number {n} and more")
    rows, summary = await exchanged(process, pieces, exchange, Burst(6, 2))
    assert errors_of(rows) == {Failure.NONE}
    assert summary["ignored"] == 0
