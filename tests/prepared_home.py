"""A home with its database migrated and its load generator calibrated, copied for each command.

Made once for all workers of a test run, by a real burst: what a command then does is what it does
for a user who started it before.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.homes import HOME

ROOT = Path(__file__).parents[1]
_worker = os.environ.get("PYTEST_XDIST_WORKER", "")
TEMPLATE = Path(f"{HOME.removesuffix(f'-{_worker}')}-prepared")
DATABASE = "liveburst.sqlite3"
MAKE = ("manage.py", "burst", "sleep", "--set", "delay=0", "-n", "1", "--rounds", "1")
LANE = ("--lane", "sync@waitress", "--no-neighbour", "--no-save")


def prepare(home: Path) -> None:
    """Turn a new home into a used one; leave a used one unchanged."""
    if (home / DATABASE).exists():
        return
    with TEMPLATE.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (TEMPLATE / DATABASE).exists():
            _make()
    home.mkdir(parents=True, exist_ok=True)
    for name in (DATABASE, "key"):
        shutil.copy2(TEMPLATE / name, home / name)


def _make() -> None:
    shutil.rmtree(TEMPLATE, ignore_errors=True)
    env = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    subprocess.run(
        [sys.executable, *MAKE, *LANE],
        cwd=ROOT,
        env={**env, "LIVEBURST_HOME": str(TEMPLATE), "LIVEBURST_MARK": "liveburst-test-prepared"},
        check=True,
        capture_output=True,
        timeout=240,
        start_new_session=True,  # as in `tests.management.command.start_anew`
    )
