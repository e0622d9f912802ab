"""Request modes of the load generator used alone."""

from __future__ import annotations

import asyncio
import json
from typing import Any, TypeAlias

import pytest

from dashboard.engine.cli.usage import read_options
from dashboard.wire.plan.exchange import Exchange, OpeningStep
from dashboard.wire.plan.load import Burst
from dashboard.wire.plan.request_mode import RequestMode, Upload
from tests.engine.http.test_request_modes import OK, head_of, serving, until_read
from tests.engine.loads.test_websocket import echo, echoing

from .test_standalone import RATE, URL, alone

Reader: TypeAlias = asyncio.StreamReader
Writer: TypeAlias = asyncio.StreamWriter
PIECES = 3


async def fire(port: int, *arguments: str) -> dict[str, Any]:
    """Fire 4 requests; return the JSON object."""
    result: dict[str, Any] = json.loads(await text_of(port, *arguments, "--json", "-"))
    return result


async def text_of(port: int, *arguments: str) -> str:
    """Fire 4 requests; return what is printed."""
    options = ("--url", f"http://127.0.0.1:{port}/path", "-n", "4", "-c", "2", *arguments)
    status, out, err = await alone(*options)
    assert (status, err) == (0, "")
    return out


@pytest.mark.processes
async def test_uploads_and_polled_results() -> None:
    requests: list[tuple[str, bool]] = []

    async def serve(reader: Reader, writer: Writer) -> None:
        while True:
            line, headers = await head_of(reader)
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            requests.append((line.split()[0], len(body) > 20_000 and b'name="file"' in body))
            if line.startswith("GET /path"):
                writer.write(
                    b"HTTP/1.1 202 Accepted\r\nLocation: /result\r\nContent-Length: 0\r\n\r\n"
                )
            else:
                writer.write(OK)

    async with serving(serve) as port:
        uploaded = await fire(port, "--upload", "file=0.02")
        assert requests == [("POST", True)] * 4
        requests.clear()
        polled = await fire(port, "--poll", "1")
        assert len(requests) == 8
    assert (uploaded["ok"], polled["ok"]) == (4, 4)


@pytest.mark.processes
async def test_responses_in_pieces() -> None:
    async def serve(reader: Reader, writer: Writer) -> None:
        while True:
            await head_of(reader)
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(PIECES):
                writer.write(b"2\r\nok\r\n")
                await until_read(writer)  # so that the next piece arrives in a read of its own
            writer.write(b"0\r\n\r\n")

    async with serving(serve) as port:
        result = await fire(port, "--chunks")
        text = await text_of(port, "--chunks")
    pieces = result["chunks"]
    assert pieces["answers"] == 4
    assert 1 < pieces["fewest"] <= pieces["most"] <= PIECES
    assert pieces["longest_gap_ms"]["p50"] <= pieces["longest_gap_ms"]["max"]
    assert "responses in " in text


@pytest.mark.processes
async def test_websockets() -> None:
    async with echoing(echo) as (port, received):
        result = await fire(port, "--websocket", "--every", "0.01")
    assert (result["ok"], len(received)) == (4, 2)
    assert sum(map(len, received)) == 4
    async with echoing(echo) as (port, _):
        options = ["--open", "hello", "--message", "tea {n}", "--answer", "contains tea {n}"]
        result = await fire(port, "--websocket", *options)
        text = await text_of(port, "--websocket", *options)
    assert result["ok"] == 4
    assert result["websocket"] == {
        "ignored": 2,
        "without_answer": 0,
        "unopened": 0,
        "awaited": "",
        "last": "",
    }  # each hello is echoed
    assert "websocket: 2 other messages received, 0 requests without an answer" in text
    async with echoing(echo) as (port, _):  # what is echoed is now what the opening waits for
        options += ["--open-answer", "contains hello"]
        result = await fire(port, "--websocket", *options)
    assert (result["ok"], result["websocket"]["ignored"]) == (4, 0)


@pytest.mark.processes
async def test_a_bystander() -> None:
    async def serve(reader: Reader, writer: Writer) -> None:
        while True:
            line, _ = await head_of(reader)
            if line.startswith("GET /path"):
                await asyncio.sleep(0.2)  # so that the bystander sends several requests
            writer.write(OK)

    async with serving(serve) as port:
        result = await fire(port, "--neighbour", "/else")
        text = await text_of(port, "--neighbour", "/else")
    bystander = result["neighbour"]
    assert result["requests"] == 4
    assert 3 <= bystander["ok"] == bystander["requests"]
    assert "bystander: " in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--upload", "file"], "argument --upload: expected FIELD=MB, above 0 to 1,000 MB"),
        (["--upload", "file=-1"], "argument --upload: expected FIELD=MB"),
        (["--upload", "file=inf"], "argument --upload: expected FIELD=MB"),
        (["--poll", "0"], "argument --poll: expected 1 to 60000 ms, found '0'"),
        (["--poll", "1", "--chunks"], "argument --chunks: not allowed with argument --poll"),
        (["--send-kb-per-s", "9"], "argument --send-kb-per-s: needs --upload"),
        (["--upload", "f=1", "--send-kb-per-s", "0"], "argument --send-kb-per-s: expected 1 to"),
        (["--every", "1"], "argument --every: needs --websocket"),
        (["--websocket", "--every", "61"], "argument --every: expected 0 to 60 s"),
        ([*RATE[2:], "--websocket"], "argument --websocket: cannot be combined with --rate"),
        (["--message", "hi"], "--message, --answer: need --websocket"),
        (["--websocket", "--open-answer", "any"], "--open-answer: needs --open"),
        (["--websocket", "--answer", "all"], "argument --answer: expected 'any', 'contains TEXT'"),
        (
            ["--client", "httpx", "--chunks"],
            "argument --client: expected engine, for a",
        ),
        (
            ["--client", "httpx", "--neighbour", "/"],
            "argument --client: expected engine, for a",
        ),
        (["--neighbour", "else"], "argument --neighbour: expected a path on the same server"),
    ],
)
def test_bad_usage(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        read_options(["--url", URL, *arguments])
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_options_become_a_firing() -> None:
    slowly = ["--upload", "file=1.5", "--send-kb-per-s", "300"]
    firing = read_options(["--url", URL, "-n", "5", *slowly]).firing
    assert firing.request_mode == RequestMode(upload=Upload("file", 1_500_000))
    assert (firing.method, firing.load) == ("POST", Burst(5, 5, send_kb_per_s=300))
    assert read_options([*RATE, *slowly]).firing.load.send_kb_per_s == 300
    held = read_options(["--url", URL, "--websocket", "--every", "2", "--neighbour", "/x"]).firing
    assert (held.request_mode, held.bystander_path) == (RequestMode(websocket=True), "/x")
    assert held.load == Burst(100, 100, every_s=2)
    options = ["--open", "auth", "--open", "join", "--message", "hi {n}", "--answer", "contains hi"]
    talking = read_options(["--url", URL, "--websocket", *options]).firing
    opening = (OpeningStep("auth"), OpeningStep("join"))
    assert talking.request_mode.exchange == Exchange(opening, "hi {n}", "contains hi")
    waiting = read_options(["--url", URL, "--websocket", *options, "--open-answer", "any"]).firing
    opening = (OpeningStep("auth", "any"), OpeningStep("join", "any"))
    assert waiting.request_mode.exchange.opening == opening
