"""Few file descriptors, for real: a low soft limit at the start, and a limit reached later."""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count, islice
from pathlib import Path

import httpx
import pytest

from bench.doors.dashboard import SMALL, Dashboard, dashboard
from bench.observed_processes import until
from dashboard.descriptors import LEAST
from tests.management.command import ROOT, environment, statuses
from tests.prepared_home import DATABASE

pytestmark = [
    pytest.mark.servers,
    pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux has prlimit(2)"),
]
SOFT, HARD, REQUESTS = 32, 4096, 300
END_S = 90.0
LEFT = "has no file descriptor left"
# How many descriptors are left, and a server that is not running yet.
FEW = {0: "sync@waitress", 6: "async@daphne", 12: "sync@gunicorn-gthread"}


def test_a_low_soft_limit_is_raised_and_costs_a_server_its_connections(tmp_path: Path) -> None:
    lane = ("--lane", "async@uvicorn", "--set", "delay=0.2", "--no-neighbour")
    numbers = ("-n", str(REQUESTS), "--rounds", "1")
    ended = subprocess.run(
        [sys.executable, "manage.py", "burst", "sleep", *lane, *numbers],
        check=False,
        cwd=ROOT,
        env=environment(tmp_path, "liveburst-test-few"),
        capture_output=True,
        text=True,
        timeout=240,
        start_new_session=True,  # as in `tests.management.command.start_anew`
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (SOFT, HARD)),
    )
    assert ended.returncode == 0, ended.stderr
    assert f"may open {LEAST} (ulimit -n)" in ended.stderr
    assert "no-descriptors" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert statuses(tmp_path) == ["finished"]


@contextmanager
def few_left(place: Dashboard, number: int) -> Iterator[None]:
    """Leave the dashboard so many descriptors inside the block."""
    before = resource.prlimit(place.process.pid, resource.RLIMIT_NOFILE)
    used = {int(name) for name in os.listdir(f"/proc/{place.process.pid}/fd")}  # noqa: PTH208
    free = (descriptor for descriptor in count() if descriptor not in used)
    limit = next(islice(free, number, None))
    resource.prlimit(place.process.pid, resource.RLIMIT_NOFILE, (limit, before[1]))
    try:
        yield
    finally:
        resource.prlimit(place.process.pid, resource.RLIMIT_NOFILE, before)


def ends(place: Dashboard) -> list[tuple[str, str]]:
    """Return status and problem of each run, the oldest first."""
    query = "SELECT status, problem FROM dashboard_run ORDER BY created"
    with closing(sqlite3.connect(place.home / DATABASE, timeout=30)) as database:
        return database.execute(query).fetchall()


def all_ended(place: Dashboard) -> bool:
    return not {"waiting", "starting", "running"} & {status for status, _ in ends(place)}


def test_a_dashboard_without_descriptors_reports_that_and_works_again() -> None:
    with dashboard() as place:
        for number, lane in FEW.items():
            with closing(place.browser()) as browser:
                with few_left(place, number):
                    answer = press(browser, lane)
                    assert answer.status_code in {303, 503}, answer.text
                    assert (LEFT in answer.text) == (answer.status_code == 503)
                    until(lambda: all_ended(place), END_S / 3)
                assert until(lambda: all_ended(place), END_S), ends(place)
            status, problem = ends(place)[-1]
            assert status == "finished" or LEFT in problem, (number, problem)
            assert browser_works(place)
        place.fire()


def press(browser: httpx.Client, lane: str) -> httpx.Response:
    """Press Run, on a connection that is open already: another one would be closed at once."""
    return browser.post("/runs/", data={**SMALL, "lanes": lane})


def browser_works(place: Dashboard) -> bool:
    return httpx.get(f"{place.address}/runs/", timeout=30).status_code == 200
