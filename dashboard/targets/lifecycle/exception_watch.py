"""What a target raises while it is asked outside of any firing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count

from dashboard.wire.last_lines import telling_line

from .target import Target

QUIET_S = 2.0  # for a target to have answered what it was asked
_numbers = count(-1, -1)  # of firings that are none


@asynccontextmanager
async def watched(target: Target) -> AsyncIterator[Callable[[], Awaitable[str]]]:
    """Watch a target as in a firing, and tell what it raised: its probe knows, or its log."""
    number, before = next(_numbers), target.log_tail()

    async def exception() -> str:
        await target.end(number, quiet_timeout_s=QUIET_S)
        raised = [kind for kind in target.answers if kind["type"]]
        if raised:
            where = f" ({raised[0]['where']})" if raised[0]["where"] else ""
            return f"{raised[0]['type']}: {raised[0]['message']}{where}"
        log = target.log_tail()
        return telling_line(log) if log != before else ""

    await target.begin(number)
    try:
        yield exception
    finally:
        await target.end(number, quiet_timeout_s=QUIET_S)
