"""A process to be killed, which has started every server and has requests stuck in each.

    python -m tests.targets.process_to_kill MARK LOG_DIRECTORY

Each server has two workers. Prints `stuck` once requests are stuck in all of them, then waits.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from dashboard.project.labtoml.load import load_manifest
from dashboard.project.model.companion import Companion
from dashboard.project.servers.catalogue import SERVERS
from dashboard.targets.lifecycle.pool import Targets
from dashboard.targets.supervise.cores import Cores

from .client import fire
from .conftest import ignore
from .helpers import AVAILABLE, two_workers, until_async
from .small_projects import write_small


async def main(mark: str, logs: str) -> None:
    cores = Cores.here()
    cores.settle_here()
    servers = {name: two_workers(SERVERS[name]) for name in AVAILABLE}
    project = load_manifest(write_small(Path(logs) / "project"))
    targets = Targets(
        replace(project, servers=servers, companions={"clock": CLOCK}, setup=(SETUP,)),
        mark=mark,
        log_directory=Path(logs),
        cores=cores,
    )
    await asyncio.gather(*(get_stuck(targets, server) for server in AVAILABLE))
    print("stuck", flush=True)
    await asyncio.Event().wait()


async def get_stuck(targets: Targets, server: str) -> None:
    target = await targets.ready(server, ignore)
    await target.begin(1)
    requests = asyncio.create_task(fire(target.port, "/sleep/?10", 4, 4))
    await until_async(lambda: any(row.get("in_app", 0) > 0 for row in target.take_rows(0)))
    STUCK.append(requests)


CLOCK = Companion("clock", ("python", "-m", "http.server", "--bind", "127.0.0.1", "{port}"))
SETUP = ("python", "-c", "import time; time.sleep(0.3)")
STUCK: list[asyncio.Task[object]] = []

if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
