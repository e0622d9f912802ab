"""A run is not begun on a full disk; once there is room, the next one is."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import pytest

from dashboard.models import Status
from dashboard.runs.conduct import disk_space
from dashboard.runs.conduct.conductor import perform
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.sinks.sink import Memory
from tests.prepared_home import prepare
from tests.runs.fakes import FakeEngine, FakeTargets, fake_resources
from tests.targets.helpers import ROOT

Usage = namedtuple("Usage", "total used free")


async def test_a_run_says_that_the_disk_is_full(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    free_bytes = 1_000_000
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**9, 10**9, free_bytes))
    engine = FakeEngine()
    resources = replace(fake_resources(engine), home=tmp_path)
    plan = make_plan(FakeTargets().project, scenario="sleep", requests=4, rounds=1)
    outcome = await perform(plan, resources, [Memory()], asyncio.Event())
    expected = f"Disk full: a run needs {disk_space.LEAST_FREE_MB} MB, 1 MB are free in {tmp_path}"
    assert outcome.status == Status.FAILED
    assert outcome.problem == f"{expected}. Make room there."
    assert not engine.fired

    free_bytes = 10**9
    outcome = await perform(plan, resources, [Memory()], asyncio.Event())
    assert outcome.status == Status.FINISHED


async def test_a_disk_of_unknown_size_prevents_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    disk_space.check_disk(tmp_path / "nowhere")


# A home on a disk of its own: too little room for a run, and then enough.
ON_A_SMALL_DISK = """
mount -t tmpfs -o size=90m tmpfs "$1" && cp -r "$2"/. "$1"
head -c 60000000 /dev/zero > "$1/filler"
export LIVEBURST_HOME="$1"; shift 2
"$@"; echo "status $?"
rm "$LIVEBURST_HOME/filler"
"$@"; echo "status $?"
"""
BURST = ("manage.py", "burst", "sleep", "--lane", "sync@waitress", "--set", "delay=0", "-n", "1")


@pytest.mark.servers
def test_a_command_says_so_and_works_again_once_there_is_room(tmp_path: Path) -> None:
    home, disk = tmp_path / "home", tmp_path / "disk"
    disk.mkdir()
    prepare(home)
    namespaces = ["unshare", "--user", "--map-root-user", "--mount"]
    if not shutil.which("unshare") or subprocess.run([*namespaces, "true"], check=False).returncode:
        pytest.skip("no mount namespace may be made here")
    script = [*namespaces, "sh", "-c", ON_A_SMALL_DISK, "sh", str(disk), str(home)]
    done = subprocess.run(
        [*script, sys.executable, *BURST, "--rounds", "1", "--no-neighbour"],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        start_new_session=True,  # as in `tests.management.command.start_anew`
    )
    assert done.stdout.count("status 3") == done.stdout.count("status 0") == 1, done.stderr
    assert done.stdout.index("status 3") < done.stdout.index("status 0")
    assert "Disk full: a run needs" in done.stderr
    assert "Traceback" not in done.stderr
