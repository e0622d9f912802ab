"""Starts the null server as every other child: through the guard, on the targets' cores."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from .launcher import launch
from .listening import listening_socket

ROOT = Path(__file__).resolve().parents[2]


@asynccontextmanager
async def null_server(
    *, mark: str, log: Path, cores: tuple[int, ...]
) -> AsyncIterator[tuple[str, int]]:
    """Host and port of a null server, for as long as the block lasts.

    The socket listens already, so whoever connects at once only waits until it is up.
    """
    with listening_socket() as listener, log.open("wb") as output:
        address = listener.getsockname()
        child = await launch(
            [sys.executable, "-m", "dashboard.targets.null_server", "--fd", f"{listener.fileno()}"],
            env={**os.environ, "LIVEBURST_MARK": mark},
            cores=cores,
            cwd=ROOT,
            stdout=output,
            stderr=output,
            pass_fds=[listener.fileno()],
        )
    try:
        yield address
    finally:
        child.kill()
