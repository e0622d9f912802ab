"""However a starter ends, nothing that it started is left, and none of its ports.

LIVEBURST_KILLS is the number of tries of each, at seeded moments; the suite uses a few.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.targets.helpers import ROOT, listening_ports, marked, until

pytestmark = pytest.mark.servers
SEEDS = range(int(os.environ.get("LIVEBURST_KILLS", "2")))


@contextmanager
def driver(mark: str, logs: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.targets.process_to_kill", mark, str(logs)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def assert_all_gone(process: subprocess.Popen[str], mark: str) -> None:
    """Kill the starter; within 2 s all that it started must be gone."""
    ports = listening_ports([*marked(mark), process.pid])
    os.kill(process.pid, signal.SIGKILL)
    assert until(lambda: not marked(mark)), marked(mark)
    assert not until(lambda: marked(mark), 0.2)  # nor was anything about to begin
    assert until(lambda: not ports & listening_ports(), 0)


@pytest.mark.parametrize("seed", SEEDS)
def test_killed_while_it_starts(seed: int, mark: str, tmp_path: Path) -> None:
    with driver(mark, tmp_path) as process:
        assert until(lambda: marked(mark), 60)
        moment = time.monotonic() + random.Random(seed).uniform(0, 1.5)
        until(lambda: time.monotonic() > moment)
        assert_all_gone(process, mark)


@pytest.mark.parametrize("seed", SEEDS[:-1] or SEEDS)  # thirteen servers start each time
def test_killed_with_requests_stuck(seed: int, mark: str, tmp_path: Path) -> None:
    with driver(mark, tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "stuck\n"
        assert len(marked(mark)) > 10  # guards, masters and two workers each
        moment = time.monotonic() + random.Random(seed).uniform(0, 0.5)
        until(lambda: time.monotonic() > moment)
        assert_all_gone(process, mark)
