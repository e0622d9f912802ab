"""A small HTTP/1.1 client with keep-alive, for tests without the load generator."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass


@dataclass
class Answer:
    """The response to a request, with the probe's stamps."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def stamps(self) -> tuple[int, int, int]:
        entered, view_entered, view_left, _ = map(int, self.headers["liveburst"].split())
        return entered, view_entered, view_left

    @property
    def kept(self) -> bool:
        """True if the connection stays open; it ends a body without a length."""
        bounded = {"content-length", "transfer-encoding"} & self.headers.keys()
        return bool(bounded) and self.headers.get("connection", "").lower() != "close"

    @property
    def process(self) -> int:
        return int(self.headers["liveburst"].split()[3])


async def fire(port: int, path: str, requests: int, connections: int) -> list[Answer]:
    """Send that many requests over that many connections, each as soon as the last is done."""
    waiting = list(range(requests))
    answers: list[Answer] = []

    async def one_connection() -> None:
        while waiting:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                keep_alive = True
                while waiting and keep_alive:
                    waiting.pop()
                    answer = await ask(reader, writer, path)
                    answers.append(answer)
                    keep_alive = answer.kept
            finally:
                await close(writer)

    await asyncio.gather(*(one_connection() for _ in range(connections)))
    return answers


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> Answer:
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    status_line, *lines = head.decode("latin1").split("\r\n")
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines)
    }
    body = await read_body(reader, headers)
    return Answer(int(status_line.split()[1]), headers, body)


async def read_body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"]))
    if headers.get("transfer-encoding") != "chunked":
        return await reader.read()
    body = b""
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body


async def close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    try:
        await writer.wait_closed()
    except OSError:
        return
