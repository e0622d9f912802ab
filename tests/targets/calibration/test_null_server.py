"""The null server: started like every child, and ended when it is no longer needed."""

from __future__ import annotations

import asyncio
from pathlib import Path

from dashboard.targets.calibration.start_null_server import null_server
from tests.targets.helpers import marked, until_async

MARK = "liveburst-test-null"


async def test_it_answers_each_request_and_ends_with_its_block(tmp_path: Path) -> None:
    async with null_server(mark=MARK, log=tmp_path / "null.log", cores=()) as (host, port):
        async with asyncio.timeout(10):
            reader, writer = await asyncio.open_connection(host, port)
            for _ in range(2):  # on one connection, and however its bytes are cut
                writer.write(b"GET / HTTP/1.1\r\nHost: x\r")
                await writer.drain()
                writer.write(b"\n\r\n")
                assert await reader.readuntil(b"\r\n\r\n")
                assert await reader.readexactly(2) == b"ok"
            writer.close()
            await writer.wait_closed()
        assert marked(MARK)
    assert await until_async(lambda: not marked(MARK))
