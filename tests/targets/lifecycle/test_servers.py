"""Every server of the catalogue, really started."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from dashboard.project.model.scenario import Variant
from dashboard.project.servers.catalogue import SERVERS
from dashboard.project.servers.settings import InvalidSetting, with_settings
from dashboard.targets.lifecycle.pool import Targets
from dashboard.targets.lifecycle.server_packages import PROJECT_ENVIRONMENT
from tests.targets.client import fire
from tests.targets.conftest import MakeTargets, ignore
from tests.targets.helpers import AVAILABLE, listening_ports, marked, until_async

pytestmark = [pytest.mark.servers, pytest.mark.parametrize("server", AVAILABLE)]


async def test_facts_match_the_catalogue_and_nothing_is_left(
    server: str, mark: str, targets: Targets
) -> None:
    """In one start, since there are thirteen servers."""
    target = await targets.ready(server, ignore)
    assert marked(mark)
    assert target.port in listening_ports()
    assert_facts(server, target.facts)
    (answer,) = await fire(target.port, "/nowhere/", 1, 1)
    assert answer.status == 404
    assert answer.stamps[1:] == (-2, -1)  # Django answered, and called no view
    stuck = asyncio.create_task(fire(target.port, "/sleep/sync/?delay=10", 4, 4))
    await target.begin(1)
    assert await until_async(lambda: any(row.get("in_view", 0) for row in target.take_rows(0)))
    await targets.stop()
    assert await until_async(lambda: not marked(mark), 2)
    assert target.port not in listening_ports()
    await asyncio.gather(stuck, return_exceptions=True)


def assert_facts(server: str, facts: Mapping[str, Any]) -> None:
    entry = SERVERS[server]
    assert "liveburst_probe:" in facts["command"][-1]
    assert (facts["processes"], facts["threads"]) == (entry.processes, entry.threads)
    assert (facts["keep_alive_s"], facts["loop"]) == (entry.keep_alive_s, entry.loop)
    assert facts["backlog"] == 2048
    assert {"python", "django", *entry.packages} <= facts["versions"].keys()
    assert {one["from"] for one in facts["packages"].values()} == {PROJECT_ENVIRONMENT}


async def test_two_workers_both_report(server: str, make_targets: MakeTargets) -> None:
    entry = SERVERS[server]
    if not entry.processes_settable:
        with pytest.raises(InvalidSetting, match="not a setting of"):
            with_settings(entry, {"processes": 2})
        return
    target = await make_targets().ready(f"{server}:processes=2", ignore)
    await target.begin(1)
    answers = await fire(target.port, "/sleep/sync/?delay=0.05", 60, 20)
    assert await target.end(1, quiet_timeout_s=5)
    rows = [row for row in target.take_rows(0) if row.get("in_app", -1) >= 0]
    last = {row["process"]: row for row in rows}
    assert last.keys() >= {answer.process for answer in answers}
    assert sum(row["requests"] for row in last.values()) == 60


def test_capacity_is_that_of_the_catalogue(server: str) -> None:
    entry = SERVERS[server]
    plain, blocking = Variant("v", "sync", "/"), Variant("b", "async", "/", at_a_time=1)
    promised = {
        "gunicorn-sync": (1, 1),
        "gunicorn-gthread": (8, 8),
        "waitress": (4, 4),
        "granian-wsgi": (8, 8),
        "uwsgi": (8, 8),
        **dict.fromkeys(["runserver", "gunicorn-gevent"], (None, None)),
    }
    expected = promised.get(server, (None, 1))
    assert (entry.capacity(plain), entry.capacity(blocking)) == expected
