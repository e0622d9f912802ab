"""Start the null server like every other child: through the guard, on the targets' cores."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from dashboard.targets.lifecycle.sockets import listening_socket
from dashboard.targets.supervise.launcher import launch
from dashboard.targets.supervise.log_files import open_log

from .null_server import MODULE

ROOT = Path(__file__).resolve().parents[3]


@asynccontextmanager
async def null_server(
    *, mark: str, log: Path, cores: tuple[int, ...]
) -> AsyncIterator[tuple[str, int]]:
    """Run a null server while the block lasts; yields its host and port.

    The socket listens already, so a connection that is made at once only waits until it is up.
    """
    with listening_socket() as listener, open_log(log) as output:
        address = listener.getsockname()
        child = await launch(
            [sys.executable, "-m", MODULE, "--fd", str(listener.fileno())],
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
