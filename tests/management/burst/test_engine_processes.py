"""`--engines`: several processes fire one run, with the same result as one."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.management.command import ROOT, environment

pytestmark = pytest.mark.servers
MARK = f"liveburst-test-engines-{os.getpid()}"


def burst(home: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "burst", "sleep", "--lane", "async@uvicorn", *options]
    env = environment(home, MARK, used=False)  # no calibration is there, and none is to be made
    return subprocess.run(
        command,
        check=False,
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        start_new_session=True,  # as in `tests.management.command.start_anew`
    )


@pytest.mark.alone
def test_two_engines_fire_one_run(tmp_path: Path) -> None:
    options = ("-n", "40", "-c", "10", "--rounds", "1", "--set", "delay=0.2", "--engines", "2")
    done = burst(tmp_path, *options, "--json", "-")
    assert done.returncode == 0, done.stderr
    (lane,) = json.loads(done.stdout)["lanes"]
    assert lane["requests"] == lane["ok"] == 40
    assert lane["server_side"]["peak_in_view"] == 10
    assert 0.8 <= lane["makespan_s"][0] < 1.6  # 40 / 10 × 0.2 s, as with one engine
    assert lane["neighbour"]["requests"] >= 10  # 20 a second, of one engine alone
    assert lane["neighbour"]["requests"] <= 20 * lane["makespan_s"][0] + 2
    with sqlite3.connect(tmp_path / "liveburst.sqlite3") as database:
        readings = [json.loads(row[0]) for row in database.execute(READINGS)]
        assert list(database.execute(CALIBRATIONS)) == [(0,)], "it would be shown beside others"
    database.close()
    assert {reading["engines"] for reading in readings} == {2}


READINGS = "SELECT data FROM dashboard_storedreading"
CALIBRATIONS = "SELECT count(*) FROM dashboard_calibration"


@pytest.mark.parametrize("engines", ["0", "17"])
def test_the_number_of_engines_is_bounded(tmp_path: Path, engines: str) -> None:
    done = burst(tmp_path, "--engines", engines)
    assert done.returncode == 2
    assert f"engines: expected 1 to 16, found {engines}" in done.stderr
