"""What a bystander waits under a blocked event loop, and not under a free one."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.management.command import run

pytestmark = pytest.mark.servers
MARK = f"liveburst-test-bystander-{os.getpid()}"


def burst(home: Path, *options: str) -> dict[str, Any]:
    done = run(home, MARK, "burst", "sleep", *options, "--json", "-")
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@pytest.mark.alone
def test_it_waits_if_the_loop_is_blocked_and_is_not_counted(tmp_path: Path) -> None:
    lanes = ["--lane", "async-blocking@uvicorn", "--lane", "async@uvicorn"]
    report = burst(tmp_path, *lanes, "-n", "12", "--rounds", "1", "--set", "delay=0.1")
    held, free = report["lanes"]
    assert held["neighbour"]["latency_ms"]["max"] > 500  # of 12 × 0.1 s, one at a time
    assert free["neighbour"]["latency_ms"]["max"] < 200
    for lane in (held, free):
        assert lane["requests"] == lane["ok"] == 12
        assert lane["neighbour"]["errors"] == 0
    assert free["server_side"]["peak_in_app"] == 12  # and not 13
    assert held["server_side"]["peak_in_view"] == 1


def test_it_can_be_left_out(tmp_path: Path) -> None:
    lanes = ["--lane", "async@uvicorn"]
    report = burst(tmp_path, *lanes, "-n", "5", "--rounds", "1", "--no-neighbour")
    assert report["lanes"][0]["neighbour"] is None


def test_its_threads_are_charged_to_it_and_its_cpu_is_measured(tmp_path: Path) -> None:
    lanes = ["--lane", "sync@daphne", "--lane", "sync@gunicorn-gthread"]
    options = ["-n", "4", "-c", "2", "--rounds", "1", "--set", "delay=0.5"]
    daphne, gthread = burst(tmp_path, *lanes, *options)["lanes"]
    # Two threads for each of Django's requests under ASGI, and none of the twenty others'.
    assert daphne["server_side"]["threads_started"] == 8
    assert daphne["neighbour"]["cost"]["threads"] >= 2 * (daphne["neighbour"]["requests"] - 1)
    for lane in (daphne, gthread):
        cost, side = lane["neighbour"]["cost"], lane["server_side"]
        assert cost["cpu_ms"] > 0
        assert side["cpu_ms_per_request_uncertainty"] > 0
