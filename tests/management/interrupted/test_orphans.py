"""`kill -9` of the command and of the dashboard: nothing of theirs is left, process or port.

LIVEBURST_KILLS is the number of tries of each, at seeded moments; the suite uses a few.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from tests.management.command import start_anew, statuses
from tests.targets.helpers import LIVEAPP, ROOT, listening_ports, marked, until

pytestmark = pytest.mark.servers
SEEDS = range(int(os.environ.get("LIVEBURST_KILLS", "2")))
LANES = ("sync@gunicorn-sync", "sync@gunicorn-gthread", "sync@daphne", "async-blocking@uvicorn")
LONGEST_MOMENT_S = 4.0  # by then every server is up and requests are stuck


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """liveapp with two workers a server, where the server can."""
    text = LIVEAPP.read_text().replace('directory = ".."', f'directory = "{ROOT}"')
    for server in ("gunicorn-sync", "gunicorn-gthread", "uvicorn"):
        text += f"[server.{server}]\nprocesses = 2\n"
    path = tmp_path / "lab.toml"
    path.write_text(text)
    return path


def wait_for_a_moment(seed: int) -> None:
    moment = time.monotonic() + random.Random(seed).uniform(0, LONGEST_MOMENT_S)
    until(lambda: time.monotonic() > moment, LONGEST_MOMENT_S)


def assert_all_gone(process: subprocess.Popen[str], mark: str) -> None:
    ports = listening_ports([*marked(mark), process.pid])
    process.kill()
    process.communicate()
    assert until(lambda: not marked(mark)), marked(mark)
    assert until(lambda: not ports & listening_ports(), 0)


@pytest.mark.parametrize("seed", SEEDS)
def test_of_the_command(seed: int, lab: Path, tmp_path: Path) -> None:
    mark = f"killed-command-{os.getpid()}-{seed}"
    lanes = [word for lane in LANES for word in ("--lane", lane)]
    process = start_anew(
        tmp_path, mark, "burst", "sleep", *lanes, "--set", "delay=10", "--project", str(lab)
    )
    assert until(lambda: marked(mark))
    wait_for_a_moment(seed)
    assert_all_gone(process, mark)


@pytest.mark.parametrize("seed", SEEDS)
def test_of_the_dashboard(seed: int, lab: Path, tmp_path: Path) -> None:
    mark = f"killed-dashboard-{os.getpid()}-{seed}"
    process = start_anew(
        tmp_path, mark, "lab", "--no-browser", "--port", "0", "--project", str(lab)
    )
    assert process.stdout
    address = re.findall(r"http://\S+", process.stdout.readline())[0]
    fire(address)
    assert until(lambda: statuses(tmp_path) not in ([], ["waiting"]))
    wait_for_a_moment(seed)
    assert_all_gone(process, mark)


def fire(address: str) -> None:
    """Press the button as a browser without JavaScript would."""
    with httpx.Client(base_url=address, timeout=30) as browser:
        page = browser.get("/").text
        token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[0]
        form = {
            "csrfmiddlewaretoken": token, "scenario": "sleep", "lanes": list(LANES),
            "requests": "100", "rounds": "3", "timeout": "30", "parameter_delay": "10",
        }  # fmt: skip
        assert browser.post("/runs/", data=form).status_code == 303
