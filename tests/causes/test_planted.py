"""Each cause of the table, planted in a real application and fired at two loads.

The conductor, the engine, the servers and the report are the real ones. Stolen time has its frames
in `tests/runs/conduct/test_conductor.py`: a host that takes the CPU away cannot be had at will.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from dashboard.models import Run
from dashboard.project.labtoml.load import load_manifest
from dashboard.runs.live.hub import Hub
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.runs.resources import Resources
from dashboard.runs.wiring import EngineKeeper
from dashboard.runs.xray.auto_xray import AutoXray
from dashboard.runs.xray.traced_request import RequestTracer
from dashboard.targets.calibration.start_null_server import null_server
from dashboard.targets.lifecycle.pool import Targets
from dashboard.targets.supervise.cores import Cores

pytestmark = [
    pytest.mark.alone,
    pytest.mark.servers,
    pytest.mark.django_db(transaction=True),
    pytest.mark.asyncio(loop_scope="module"),
]
MANIFEST = Path(__file__).with_name("lab.toml")
MARGIN = 0.25  # so that what waits equally long is no different on a busy machine either
TRIES = 3
LEAST_SHARE = 0.3  # of the gap; what is left is mostly what no cause explains

# Each cause with the two numbers of requests that it is fired with.
PLANTED = {
    "threads-busy": (30, 60),
    "one-at-a-time": (8, 16),
    "loop-blocked": (8, 16),
    "executor-full": (40, 80),
    "serialised-on-one-thread": (5, 10),
    "cpu-bound": (20, 40),
    "thread-cost": (50, 100),
    "waiting-in-app": (10, 30),
    "client-bound": (20, 40),  # half a second must pass before the engine's loop has a p99
    "errors": (20, 40),
    "no-difference": (10, 20),
}
LOADS = [(cause, requests) for cause, loads in PLANTED.items() for requests in loads]
# A client that sets up for each request what it needs anew: its loop is never free for long.
# Its round is late, and so fired twice.
AT_ITS_LIMIT: dict[str, Any] = {"client": "httpx", "concurrency": 2, "rounds": 1}
REPORTS: dict[tuple[Laboratory, str, int], dict[str, Any]] = {}
WITHOUT_SHARE = {"client-bound", "errors", "no-difference"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def laboratory(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Laboratory]:
    """As `wiring.set_up` makes it, but this process keeps its place on the cores."""
    home, mark, cores = tmp_path_factory.mktemp("home"), f"test-{uuid4().hex}", Cores.here()
    logs = home / "logs"
    logs.mkdir()
    targets = Targets(load_manifest(MANIFEST), mark=mark, log_directory=logs, cores=cores)
    nothing = partial(null_server, mark=mark, log=logs / "null.log", cores=cores.targets)
    engines = EngineKeeper(cores, logs, mark, engines=1)
    inside = AutoXray(RequestTracer(mark=mark, home=home, cores=cores))
    made = Laboratory(Resources(targets, engines, nothing), Hub(), home, inside)
    yield made
    await made.close()


async def fire(laboratory: Laboratory, scenario: str, requests: int) -> dict[str, Any]:
    """The report of a run of this scenario, which several tests read."""
    key = (laboratory, scenario, requests)
    if key not in REPORTS:
        REPORTS[key] = await fire_anew(laboratory, scenario, requests)
    return REPORTS[key]


async def fire_anew(laboratory: Laboratory, scenario: str, requests: int) -> dict[str, Any]:
    """The report of a run of this scenario; of another where the first decides nothing.

    On a machine that others use, the engine may have been the limit, the rounds so different that
    nothing follows from them, or the cores so busy that no cause is certain.
    """
    plan = make_plan(
        laboratory.project,
        scenario=scenario,
        requests=requests,
        seed=1,
        margin=MARGIN,
        **(AT_ITS_LIMIT if scenario == "client-bound" else {}),
    )
    report: dict[str, Any] = {}
    for _ in range(TRIES):
        run = await laboratory.start(plan)
        outcome = await laboratory.outcome(run)
        assert outcome.problem == "", outcome.log_tail
        report = (await Run.objects.aget(pk=run.pk)).report
        if scenario in WITHOUT_SHARE - {"no-difference"} or _is_decided(report, scenario):
            break
    return report


def _is_decided(report: dict[str, Any], scenario: str) -> bool:
    """Return False if the run does not show enough: a wrong cause is never fired again."""
    verdict = report["verdict"]
    if verdict["spoiled"] or verdict["disturbed"]:
        return False
    if any(comparison["answer"] == "undecided" for comparison in verdict["comparisons"]):
        return False
    return scenario in WITHOUT_SHARE or bool(causes(report))


def causes(report: dict[str, Any]) -> list[dict[str, Any]]:
    (comparison,) = report["verdict"]["comparisons"]
    named: list[dict[str, Any]] = comparison["causes"]
    return named


@pytest.mark.parametrize(("name", "requests"), LOADS)
async def test_the_planted_cause_explains_most(
    laboratory: Laboratory, name: str, requests: int
) -> None:
    report = await fire(laboratory, name, requests)
    named = causes(report)
    assert named, report["verdict"]["sentence"]
    assert named[0]["name"] == name, named
    if name not in WITHOUT_SHARE:
        assert named[0]["lane"] == report["lanes"][0]["lane"]
        assert named[0]["share"] >= LEAST_SHARE
    assert "not found" not in report["verdict"]["sentence"]


@pytest.mark.parametrize("requests", [4, 8])
async def test_an_answer_held_back_is_named_beside_whatever_else(
    laboratory: Laboratory, requests: int
) -> None:
    report = await fire(laboratory, "not-streaming", requests)
    held = [cause for cause in causes(report) if cause["name"] == "not-streaming"]
    assert [cause["lane"] for cause in held] == [report["lanes"][0]["lane"]]


@pytest.mark.parametrize("requests", [10, 20])
async def test_one_thread_for_all_requests_is_named_as_that_of_one_request_is(
    laboratory: Laboratory, requests: int
) -> None:
    """The probe reports how many were queued for asgiref's thread, without an X-ray."""
    report = await fire(laboratory, "one-thread-for-all", requests)
    (cause,) = causes(report)
    assert cause["name"] == "serialised-on-one-thread"
    assert cause["share"] >= LEAST_SHARE
    assert requests / 2 <= cause["evidence"]["queued"] < requests


@pytest.mark.parametrize(
    ("scenario", "holder"),
    [
        ("loop-blocked", "view"),
        ("held-after-an-await", "view"),
        ("held-by-middleware", "middleware-or-framework"),
        ("held-by-a-timer", "other"),
    ],
)
async def test_a_held_loop_is_charged_to_whose_code_it_was(
    laboratory: Laboratory, scenario: str, holder: str
) -> None:
    report = await fire(laboratory, scenario, 8)
    cause = causes(report)[0]
    assert (cause["name"], cause["evidence"]["holder"]) == ("loop-blocked", holder)
    assert cause["share"] >= LEAST_SHARE
    assert cause["evidence"]["held_ms_per_request"] > 25


async def test_a_held_loop_is_quoted_for_one_view_not_for_all_that_queue(
    laboratory: Laboratory,
) -> None:
    """Sixteen views of 30 ms in a row keep a heartbeat waiting; each held the loop for its own."""
    report = await fire(laboratory, "loop-blocked", 16)
    evidence = causes(report)[0]["evidence"]
    assert evidence["view_ms_p50"] <= evidence["loop_held_ms_max"] < 16 * 30 / 2
