"""What is on stdout and stderr, for every command and every output option."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.management.command import start

MARK = "liveburst-test-outputs"
LANE = ("--lane", "sync@gunicorn-sync")
BURST = ("burst", "sleep", "--set", "delay=0.01", "-n", "1", "--rounds", "1", *LANE)
MATRIX = (
    *("matrix", "sleep", "--set", "delay=0.01", "-n", "1", "--rounds", "1"),
    *("--variant", "sync", "--server", "gunicorn-sync"),
)
XRAY = ("xray", "sleep", "sync@gunicorn-sync", "--set", "delay=0.01")
BROKEN = """
[project]
name = "broken"
wsgi = "broken:application"
[scenario.any]
title = "Anything"
lanes = ["sync@gunicorn-sync"]
load = { requests = 1, rounds = 1 }
[scenario.any.variant.sync]
family = "sync"
path = "/"
"""


def command(home: Path, *arguments: str) -> tuple[int, str, str]:
    process = start(home, MARK, *arguments)
    stdout, stderr = process.communicate(timeout=240)
    return process.returncode, stdout, stderr


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One state, so that the engine is calibrated once."""
    return tmp_path_factory.mktemp("home")


@pytest.mark.servers
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (BURST, ["sleep: 1 request ", "│ lane"]),
        (MATRIX, ["sleep: total time, and", "ratio to sync@gunicorn-sync", "│ variant"]),
        (XRAY, ["sync@gunicorn-sync: GET /sleep/sync/", "start"]),
    ],
)
def test_json_in_a_file_leaves_the_table_on_stdout_and_progress_on_stderr(
    home: Path, tmp_path: Path, arguments: tuple[str, ...], words: list[str]
) -> None:
    file = tmp_path / "a result.json"
    status, stdout, stderr = command(home, *arguments, "--json", str(file))
    assert status == 0, stderr
    for text in words:
        assert text in stdout
    assert "1 requests" not in stdout + stderr
    assert isinstance(json.loads(file.read_text()), dict)
    if arguments is BURST:
        check_progress(stderr)


def check_progress(stderr: str) -> None:
    """Check that a log has a few lines of progress."""
    lines = [line for line in stderr.splitlines() if "of 1 request" in line]
    assert "0 s: starting" in lines[0]
    assert "finished; 1 of 1 request" in lines[-1]
    assert len(lines) < 12
    assert "\x1b" not in stderr


@pytest.mark.servers
@pytest.mark.parametrize("command_name", ["burst", "matrix", "xray"])
def test_a_failure_has_its_reason_before_the_servers_log(
    home: Path, tmp_path: Path, command_name: str
) -> None:
    (tmp_path / "lab.toml").write_text(BROKEN)
    (tmp_path / "broken.py").write_text("raise RuntimeError('a typo of mine')\n")
    lane = ["sync@gunicorn-sync"] if command_name == "xray" else []
    status, stdout, stderr = command(
        home, command_name, "any", *lane, "--project", str(tmp_path / "lab.toml")
    )
    assert status == 3
    reason, log = stderr.index("gunicorn-sync ended with status"), stderr.index("a typo of mine")
    assert reason < log
    assert "│" not in stdout or command_name == "matrix"  # nothing was measured: no empty table
