"""The limit of open files (`ulimit -n`), checked before a burst is fired.

Under a rate the number of connections depends on the answers, so it cannot be known before.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from dashboard.descriptors import check_connections, too_few_for_server
from dashboard.project.project import Project
from dashboard.wire.plan.load import Burst
from dashboard.wire.plan.plan import Plan


def check_open_files(plan: Plan, engine_processes: int) -> None:
    """Raise TooFewDescriptors if the load generator could not open the connections of a burst."""
    check_connections(ceil(_connections(plan) / engine_processes))


def open_file_warnings(plan: Plan, project: Project) -> Iterator[str]:
    """Yield a warning for each lane whose server would have a connection for each request.

    One with a pool of threads accepts fewer at a time, and one that runs already has a limit of
    its own.
    """
    for lane in plan.lanes:
        server = project.server(lane.server)
        if server.model in ("pool", "unknown"):
            continue
        if message := too_few_for_server(ceil(_connections(plan) / server.processes)):
            yield f"{lane}: {message}"


def _connections(plan: Plan) -> int:
    load = plan.load
    return min(load.requests, load.concurrency) if isinstance(load, Burst) else 0
