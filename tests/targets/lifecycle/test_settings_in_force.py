"""A lane's settings are in force, as seen from outside and by the probe."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from dashboard.targets.lifecycle.pool import Targets
from dashboard.targets.lifecycle.target import Target
from tests.targets.client import fire
from tests.targets.conftest import MakeTargets, ignore

pytestmark = pytest.mark.servers


async def last_row(target: Target, path: str) -> Mapping[str, int]:
    """The last row of health of 20 requests at once."""
    assert await target.begin(1)
    answers = await fire(target.port, path, 20, 20)
    assert {answer.status for answer in answers} == {200}
    assert await target.end(1, quiet_timeout_s=5)
    return [row for row in target.take_rows(0) if row.get("requests", -1) >= 0][-1]


@pytest.mark.parametrize("server", ["gunicorn-gthread", "waitress", "granian-wsgi"])
async def test_threads(server: str, targets: Targets) -> None:
    target = await targets.ready(f"{server}:threads=3", ignore)
    row = await last_row(target, "/sleep/sync/?delay=0.05")
    assert row["peak_in_view"] == 3
    assert target.facts["threads"] == 3


@pytest.mark.parametrize("server", ["uvicorn", "gunicorn-asgi", "hypercorn", "granian-asgi"])
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
async def test_loop(server: str, loop: str, targets: Targets) -> None:
    target = await targets.ready(f"{server}:loop={loop}", ignore)
    assert target.facts["loop"] == loop
    assert target.facts["versions"]["loop"] == loop


@pytest.mark.parametrize("server", ["gunicorn-sync", "gunicorn-asgi", "daphne", "granian-wsgi"])
async def test_backlog(server: str, targets: Targets) -> None:
    target = await targets.ready(f"{server}:backlog=200", ignore)
    assert target.facts["backlog"] == 200


async def test_different_settings_are_different_targets(targets: Targets) -> None:
    plain: Any = await targets.ready("waitress", ignore)
    other: Any = await targets.ready("waitress:threads=2", ignore)
    assert plain.port != other.port
    assert plain.alive
    assert (plain.facts["threads"], other.facts["threads"]) == (4, 2)


@pytest.mark.parametrize("server", ["runserver", "gunicorn-gevent"])
async def test_servers_without_a_limit_of_threads(server: str, targets: Targets) -> None:
    target = await targets.ready(server, ignore)
    row = await last_row(target, "/sleep/sync/?delay=0.3")
    assert (row["peak_in_app"], row["peak_in_view"]) == (20, 20)


HUB = """
[project]
name = "hub"
wsgi = "hub:application"
[scenario.block]
title = "Blocking the hub"
lanes = ["sync@gunicorn-gevent"]
[scenario.block.variant.sync]
family = "sync"
path = "/"
"""
APPLICATION = """
import time

def application(environ, start_response):
    from gevent import monkey
    if environ["PATH_INFO"] == "/block/":
        monkey.get_original("time", "sleep")(0.1)
    else:
        time.sleep(0.1)
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""


@pytest.mark.alone
@pytest.mark.parametrize(("path", "blocked"), [("/block/", True), ("/", False)])
async def test_the_hub_has_a_heartbeat(
    path: str, blocked: bool, make_targets: MakeTargets, tmp_path: Path
) -> None:
    (tmp_path / "hub.py").write_text(APPLICATION)
    (tmp_path / "lab.toml").write_text(HUB)
    target = await make_targets(tmp_path / "lab.toml").ready("gunicorn-gevent", ignore)
    assert target.facts["versions"]["loop"] == "gevent"
    assert await target.begin(1)
    await fire(target.port, path, 4, 4)
    assert await target.end(1, quiet_timeout_s=5)
    rows = [row for row in target.take_rows(0) if row.get("requests", -1) >= 0]
    held_ms = max(row["loop_held"] for row in rows) / 1e6
    lag_ms = max(row["loop_lag"] for row in rows) / 1e6
    if blocked:
        assert 90 <= held_ms < 250  # what one of them did, and not all four
        assert lag_ms >= 90
        assert rows[-1]["peak_in_app"] == 1
    else:
        assert held_ms < 90
        assert rows[-1]["peak_in_app"] == 4
