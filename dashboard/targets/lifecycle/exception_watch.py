"""What a target raises while it is sent requests outside of any firing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count

from dashboard.wire.last_lines import decisive_line

from .target import Target

QUIET_TIMEOUT_S = 2.0
_numbers = count(-1, -1)  # below those of firings, which count from 1


@asynccontextmanager
async def watch_exceptions(target: Target) -> AsyncIterator[Callable[[], Awaitable[str]]]:
    """Watch a target as in a firing; yields a function that returns what it raised meanwhile.

    That is what its probe reports, or else a new line of its log; empty if it raised nothing.
    """
    number, log_before = next(_numbers), target.log_tail()

    async def exception() -> str:
        await target.end(number, quiet_timeout_s=QUIET_TIMEOUT_S)
        raised = [kind for kind in target.answers if kind["type"]]
        if raised:
            where = f" ({raised[0]['where']})" if raised[0]["where"] else ""
            return f"{raised[0]['type']}: {raised[0]['message']}{where}"
        log = target.log_tail()
        return decisive_line(log) if log != log_before else ""

    await target.begin(number)
    try:
        yield exception
    finally:
        await target.end(number, quiet_timeout_s=QUIET_TIMEOUT_S)
