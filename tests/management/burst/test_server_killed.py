"""A server killed during a firing: its rows are kept, and the next round has a new one."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from dashboard.wire import frame
from tests.management.command import start
from tests.targets.helpers import marked, until

pytestmark = pytest.mark.servers
MARK = f"liveburst-test-death-{os.getpid()}"
ROUNDS, REQUESTS, DELAY_S = 3, 20, 0.15  # a round lasts long enough to be seen and struck


def server() -> psutil.Process:
    """The server of the target: the first gunicorn, whose parent is the guard."""
    processes = [psutil.Process(pid) for pid in marked(MARK)]
    gunicorns = {
        process.pid: process
        for process in processes
        if "gunicorn" in " ".join(process.cmdline()[1:4])
    }
    return next(process for process in gunicorns.values() if process.ppid() not in gunicorns)


def in_round_two(home: Path) -> bool:
    """Whether samples have come after the firing of round 1 was read."""
    path = home / "liveburst.sqlite3"
    if not path.exists():
        return False
    with closing(sqlite3.connect(path, timeout=10)) as database:
        try:
            (readings,) = database.execute(
                "SELECT count(*) FROM dashboard_storedreading WHERE data ->> 'round' = 1"
            ).fetchone()
            frames = database.execute("SELECT data FROM dashboard_storedframe").fetchall()
        except sqlite3.OperationalError:  # not migrated yet
            return False
    decoded = [frame.decode(bytes(data)) for (data,) in frames]
    return bool(readings) and any(
        frame_.kind == "samples" and frame_.round == 2 for frame_ in decoded
    )


def test_a_killed_server_loses_its_round_and_not_the_run(tmp_path: Path) -> None:
    lane = ["--lane", "sync@gunicorn-sync", "-n", str(REQUESTS), "--rounds", str(ROUNDS)]
    lane += ["--set", f"delay={DELAY_S}"]
    with start(tmp_path, MARK, "burst", "sleep", *lane, "--json", "-") as process:
        assert until(lambda: in_round_two(tmp_path), 60)
        server().send_signal(signal.SIGKILL)
        output, errors = process.communicate(timeout=240)
    report = json.loads(output)
    assert process.returncode == 0, errors
    (measured,) = report["lanes"]
    assert measured["requests"] == ROUNDS * REQUESTS
    # A host that takes CPU time away has a round repeated, the one with the kill among them.
    repeated = 2 in report["discarded_rounds"]
    assert repeated or (ROUNDS - 1) * REQUESTS <= measured["ok"] < ROUNDS * REQUESTS
    assert repeated or measured["errors"]
    assert any(
        "round 2" in warning and "was restarted" in warning for warning in report["warnings"]
    )
    assert not any(
        "worker process" in warning for warning in report["warnings"]
    )  # it ended as a whole
    assert until(lambda: not marked(MARK))
