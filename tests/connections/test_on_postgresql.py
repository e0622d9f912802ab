"""Connections to a real PostgreSQL in whole runs: left open under ASGI, and waited for in a pool.

The conductor, the load generator, the server and the report are the real ones; the project is
liveapp, whose connections the lanes' own settings keep in three ways.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import pytest_asyncio

from dashboard.models import Run
from dashboard.project.labtoml.load import load_manifest
from dashboard.runs.live.hub import Hub
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.runs.resources import Resources
from dashboard.runs.wiring import EngineKeeper
from dashboard.targets.calibration.start_null_server import null_server
from dashboard.targets.lifecycle.pool import Targets
from dashboard.targets.supervise.cores import Cores
from dashboard.wire.errors import TargetFailed
from tests.postgresql import postgresql
from tests.targets.helpers import LIVEAPP

pytestmark = [
    pytest.mark.servers,
    pytest.mark.django_db(transaction=True),
    pytest.mark.asyncio(loop_scope="module"),
]

POOLED, KEPT, FEW = (
    f"async@uvicorn:{setting}" for setting in ("pool=20", "conn_max_age=60", "pool=4")
)
REQUESTS = 12
DELAY_S = 0.2
TRIES = 3  # a busy machine may make the load generator late, and then there is no verdict


@pytest.fixture(scope="module")
def database_url() -> Iterator[str]:
    with postgresql() as url:
        yield url


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def laboratory(
    database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Laboratory]:
    """As `wiring.set_up` makes it, with a PostgreSQL for liveapp."""
    home, mark, cores = tmp_path_factory.mktemp("home"), f"test-{uuid4().hex}", Cores.here()
    logs = home / "logs"
    logs.mkdir()
    project = load_manifest(LIVEAPP)
    own = {"LIVEAPP_HOME": str(home), "REDIS_URL": "", "LIVEAPP_DATABASE_URL": database_url}
    project = replace(project, env={**project.env, **own})
    targets = Targets(project, mark=mark, log_directory=logs, cores=cores)
    nothing = partial(null_server, mark=mark, log=logs / "null.log", cores=cores.targets)
    engines = EngineKeeper(cores, logs, mark, engines=1)
    made = Laboratory(Resources(targets, engines, nothing), Hub(), home)
    yield made
    await made.close()


async def fire(laboratory: Laboratory, *lanes: str, rounds: int = 2) -> dict[str, Any]:
    """Return the report of a run at these lanes; of another if the first decides nothing."""
    plan = make_plan(
        laboratory.project,
        scenario="orm-slow",
        lanes=lanes,
        requests=REQUESTS,
        parameters={"delay": DELAY_S},
        rounds=rounds,
        seed=1,
        bystander=False,
    )
    report: dict[str, Any] = {}
    for _ in range(TRIES):
        run = await laboratory.start(plan)
        outcome = await laboratory.outcome(run)
        assert outcome.problem == "", outcome.log_tail
        report = (await Run.objects.aget(pk=run.pk)).report
        verdict = report["verdict"]
        if verdict is None or not (verdict["disturbed"] or verdict["spoiled"]):
            break
    return report


def database_of(lane: dict[str, Any]) -> dict[str, Any]:
    (facts,) = lane["target"]["connections"]
    assert (facts["alias"], facts["vendor"], facts["can_pool"]) == ("default", "postgresql", True)
    found: dict[str, Any] = facts
    return found


def causes_in(report: dict[str, Any], lane: str) -> dict[str, Any]:
    """Return the causes that were found in a lane, by name."""
    return {
        cause["name"]: cause
        for comparison in report["verdict"]["comparisons"]
        for cause in comparison["causes"]
        if cause["lane"] == lane
    }


async def test_both_causes_are_named_with_their_numbers_and_their_lanes(
    laboratory: Laboratory,
) -> None:
    report = await fire(laboratory, POOLED, KEPT, FEW)
    enough, kept, few = (database_of(lane) for lane in report["lanes"])

    # Each request had a thread of its own, which ended with its connection open.
    assert kept["opened"] == 2 * REQUESTS == kept["requests"]
    assert (kept["max_age_s"], kept["pool"]) == (60, None)
    assert REQUESTS / 2 < kept["leaked"] <= kept["open_max"]
    leak = causes_in(report, KEPT)["connections-leak"]
    assert leak["evidence"]["leaked"] == kept["leaked"]
    (warning,) = [text for text in report["warnings"] if text.startswith(f"{KEPT}: ")]
    assert f"{kept['leaked']} connections to the database 'default' were still open" in warning

    # A pool of 4: three waves, in two of which requests wait for the connections of the first.
    assert few["pool"]["limit"] == few["pool"]["size"] == few["open_max"] == 4
    assert few["pool"]["queued"] >= 2 * (REQUESTS - 4)
    assert few["leaked"] == few["left_open"] == 0
    assert few["waited_ms"] / few["requests"] == pytest.approx(1000 * DELAY_S, rel=0.5)
    waiting = causes_in(report, FEW)["waiting-for-connection"]
    assert (waiting["share"], waiting["evidence"]["pool"]) == (pytest.approx(1, abs=0.4), 4)
    assert max(waiting["evidence"]["course"]["values"]) == 4
    assert "waiting-in-app" not in causes_in(report, FEW)

    # A pool that is large enough: neither.
    assert (enough["leaked"], enough["pool"]["limit"]) == (0, 20)
    assert not {"waiting-for-connection", "connections-leak"} & causes_in(report, POOLED).keys()
    fires = {piece["fires"] for piece in report["advice"]}
    assert {"async@uvicorn:pool=12", "async@uvicorn:conn_max_age=0"} <= fires


async def test_postgresql_lists_what_the_probe_counts(
    laboratory: Laboratory, database_url: str
) -> None:
    report = await fire(laboratory, POOLED, FEW, rounds=1)
    by_database = [lane["target"]["activity"] for lane in report["lanes"]]
    assert by_database == [
        {"by_probe": 20, "by_database": 20},
        {"by_probe": 4, "by_database": 4},
    ]
    assert not [text for text in report["warnings"] if "PostgreSQL lists" in text]
    query = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'liveburst-%'"
    with psycopg.connect(database_url) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    assert row[0] >= 24


async def test_sync_views_keep_what_their_threads_use_again(laboratory: Laboratory) -> None:
    """The same setting under WSGI: as many connections as threads, and none is left behind."""
    report = await fire(laboratory, "sync@gunicorn-gthread:conn_max_age=60,threads=4", rounds=1)
    facts = database_of(report["lanes"][0])
    assert facts["left_open"] == facts["open_max"] == 4
    assert facts["leaked"] == 0
    assert not [text for text in report["warnings"] if "still open" in text]


async def test_a_pool_where_django_has_none_is_refused_with_the_reason(tmp_path: Path) -> None:
    """liveapp's SQLite: the start ends, and its log has what was expected."""
    mark = f"test-{uuid4().hex}"
    project = load_manifest(LIVEAPP)
    own = {"LIVEAPP_HOME": str(tmp_path), "REDIS_URL": ""}
    targets = Targets(
        replace(project, env={**project.env, **own}, setup=()),
        mark=mark,
        log_directory=tmp_path / "logs",
        cores=Cores.here(),
    )
    (tmp_path / "logs").mkdir(exist_ok=True)
    try:
        with pytest.raises(TargetFailed) as failure:
            await targets.ready("uvicorn:pool=4", lambda state, message: None)
        assert "pool=4: expected a database that Django can pool" in failure.value.log_tail
    finally:
        await targets.stop()
