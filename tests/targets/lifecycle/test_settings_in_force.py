"""A lane's settings are in force, as seen from outside and by the probe."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from dashboard.project.servers.catalogue import SERVERS
from dashboard.project.servers.settings import InvalidSetting, with_settings
from dashboard.targets.lifecycle.target import Target
from tests.targets.client import fire
from tests.targets.conftest import MakeTargets, ignore
from tests.targets.helpers import AVAILABLE
from tests.targets.warm import WarmServers

pytestmark = pytest.mark.servers
# A target for each, with all of its settings; the loop that is not set is that of the defaults.
IN_FORCE: dict[str, dict[str, Any]] = {
    "gunicorn-gthread": {"threads": 3},
    "waitress": {"threads": 3},
    "granian-wsgi": {"threads": 3, "backlog": 200},
    "uvicorn": {"loop": "uvloop", "executor": 3},
    "gunicorn-asgi": {"loop": "uvloop", "backlog": 200, "executor": 3},
    "granian-asgi": {"loop": "uvloop", "executor": 3},
    "daphne": {"backlog": 200, "executor": 3},
}
# What those with two workers have besides.
OF_TWO_WORKERS: dict[str, dict[str, Any]] = {
    "gunicorn-sync": {"backlog": 200},
    "uvicorn": {"loop": "asyncio"},
    "gunicorn-asgi": {"loop": "asyncio"},
    "hypercorn": {"loop": "uvloop", "executor": 3},
    "granian-asgi": {"loop": "asyncio"},
}


def named(server: str, settings: Mapping[str, Any]) -> str:
    return f"{server}:{','.join(f'{field}={value}' for field, value in settings.items())}"


def assert_in_force(settings: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    read = [field for field in settings if field != "executor"]  # is read during a firing
    assert {field: facts[field] for field in read} == {field: settings[field] for field in read}
    if "loop" in settings:
        assert facts["versions"]["loop"] == settings["loop"]  # as the probe found it


async def last_row(target: Target, path: str, firing: int) -> Mapping[str, int]:
    """The last row of health of 20 requests at once."""
    assert await target.begin(firing)
    answers = await fire(target.port, path, 20, 20)
    assert {answer.status for answer in answers} == {200}
    assert await target.end(firing, quiet_timeout_s=5)
    return [row for row in target.take_rows(0) if row.get("requests", -1) >= 0][-1]


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("server", IN_FORCE)
async def test_settings_are_in_force(server: str, warm: WarmServers) -> None:
    settings = IN_FORCE[server]
    name = named(server, settings)
    target = await warm.ready(name)
    assert_in_force(settings, target.facts)
    if "threads" in settings:
        row = await last_row(target, "/sleep/sync/?delay=0.05", next(warm.firings))
        assert row["peak_in_view"] == settings["threads"]
    if "executor" in settings:
        await last_row(target, "/mixed/bridged-threads/?delay=0.05", next(warm.firings))
        assert target.executor is not None
        assert (target.executor["limit"], target.executor["threads"]) == (3, 3)
    await warm.stop(name)


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("server", AVAILABLE)
async def test_two_workers_both_report(server: str, warm: WarmServers) -> None:
    if not SERVERS[server].processes_settable:
        with pytest.raises(InvalidSetting, match="not a setting of"):
            with_settings(SERVERS[server], {"processes": 2})
        return
    settings = {"processes": 2, **OF_TWO_WORKERS.get(server, {})}
    name, firing = named(server, settings), next(warm.firings)
    target = await warm.ready(name)
    assert_in_force(settings, target.facts)
    await target.begin(firing)
    answers = await fire(target.port, "/sleep/sync/?delay=0.05", 60, 20)
    assert await target.end(firing, quiet_timeout_s=5)
    rows = [row for row in target.take_rows(0) if row.get("in_app", -1) >= 0]
    last = {row["process"]: row for row in rows}
    assert last.keys() >= {answer.process for answer in answers}
    assert sum(row["requests"] for row in last.values()) == 60
    await warm.stop(name)


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


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    """A project without Django."""
    (tmp_path / "hub.py").write_text(APPLICATION)
    (tmp_path / "lab.toml").write_text(HUB)
    return tmp_path / "lab.toml"


async def test_different_settings_are_different_targets(
    hub: Path, make_targets: MakeTargets
) -> None:
    targets = make_targets(hub)
    plain: Any = await targets.ready("waitress", ignore)
    other: Any = await targets.ready("waitress:threads=2", ignore)
    assert plain.port != other.port
    assert plain.alive
    assert (plain.facts["threads"], other.facts["threads"]) == (4, 2)


@pytest.mark.alone
async def test_the_hub_has_a_heartbeat(hub: Path, make_targets: MakeTargets) -> None:
    target = await make_targets(hub).ready("gunicorn-gevent", ignore)
    assert target.facts["versions"]["loop"] == "gevent"
    held_ms, lag_ms, peak = await heartbeat(target, "/block/", 1)
    assert 90 <= held_ms < 250  # what one of them did, and not all four
    assert lag_ms >= 90
    assert peak == 1
    held_ms, _, peak = await heartbeat(target, "/", 2)
    assert held_ms < 90
    assert peak == 4


async def heartbeat(target: Target, path: str, firing: int) -> tuple[float, float, int]:
    """How long the hub was held and late at worst, in ms, and the peak in the application."""
    assert await target.begin(firing)
    await fire(target.port, path, 4, 4)
    assert await target.end(firing, quiet_timeout_s=5)
    rows = [row for row in target.take_rows(0) if row.get("requests", -1) >= 0]
    held_ms = max(row["loop_held"] for row in rows) / 1e6
    return held_ms, max(row["loop_lag"] for row in rows) / 1e6, rows[-1]["peak_in_app"]
