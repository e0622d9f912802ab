"""X-rays: which are allowed, when they take their turn, their result."""

from __future__ import annotations

import asyncio
import fcntl
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from dashboard.models import Run, Status
from dashboard.project.labtoml.load import load_manifest
from dashboard.project.project import Project
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue import run_queue
from dashboard.runs.queue.run_queue import when_free
from dashboard.runs.xray.traced_request import XrayResult, XraySubject, make_subject
from dashboard.targets.trace import TracedRequest
from dashboard.wire.errors import InvalidPlan
from dashboard.wire.report.answers import AnswerKind
from tests.analysis.xray.test_trace import REQUEST, gathered, trace_of, xray_of
from tests.targets.helpers import LIVEAPP


@pytest.fixture
def project() -> Project:
    return load_manifest(LIVEAPP)


def subject(project: Project, **options: Any) -> XraySubject:
    usual: dict[str, Any] = {
        "scenario": "sleep", "lane": "async@daphne", "parameters": {}, "timeout_s": 30,
    }  # fmt: skip
    return make_subject(project, **usual | options)


def test_parameters_that_are_not_given_have_their_defaults(project: Project) -> None:
    assert subject(project).request == "GET /sleep/async/?delay=0.1"
    given = subject(project, parameters={"delay": 2}, lane="sync@gunicorn-gthread:threads=2")
    assert given.request == "GET /sleep/sync/?delay=2"
    assert given.lane.server == "gunicorn-gthread:threads=2"


@pytest.mark.parametrize(
    ("options", "field", "words"),
    [
        ({"scenario": "nothing"}, "scenario", "expected one of sleep"),
        ({"lane": "async"}, "lanes", "expected VARIANT@SERVER"),
        ({"lane": "async@apache"}, "lanes", "expected a server"),
        ({"lane": "nothing@daphne"}, "lanes", "expected a variant"),
        ({"parameters": {"delay": 11}}, "parameters.delay", "expected 0 to 10 s"),
        ({"parameters": {"speed": 1}}, "parameters.speed", "expected one of delay"),
        (
            {"scenario": "websocket", "lane": "async-consumer@daphne"},
            *("lanes", "expected one request to trace, a websocket is messages"),
        ),
        ({"timeout_s": 0}, "timeout", "expected above 0 to 300 s, found 0"),
    ],
)
def test_invalid_subjects_are_refused_by_field(
    project: Project, options: dict[str, Any], field: str, words: str
) -> None:
    with pytest.raises(InvalidPlan) as refused:
        subject(project, **options)
    (problem,) = refused.value.problems
    assert problem.field == field
    assert words in problem.message


def test_an_external_target_is_refused(tmp_path: Path) -> None:
    lab = tmp_path / "lab.toml"
    lab.write_text(
        """
        [project]
        name = "elsewhere"
        [server.mine]
        url = "http://127.0.0.1:1"
        [scenario.any]
        title = "Anything"
        lanes = ["sync@mine"]
        [scenario.any.variant.sync]
        family = "sync"
        path = "/"
        """
    )
    with pytest.raises(InvalidPlan, match="server that Liveburst starts, mine is external"):
        subject(load_manifest(lab), scenario="any", lane="sync@mine")


def waiting(lock: Path) -> tuple[asyncio.Task[None], asyncio.Event]:
    """Return a task that waits until the machine is free, and an event that is set once it is."""
    entered = asyncio.Event()

    async def wait() -> None:
        async with when_free(lock):
            entered.set()

    return asyncio.create_task(wait()), entered


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_queue, "LOOK_EVERY_S", 0.01)


@pytest.mark.django_db(transaction=True)
async def test_it_waits_until_no_run_is_active(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    with path.open("a") as lock:
        fcntl.flock(lock.fileno(), fcntl.LOCK_EX)
        task, entered = waiting(path)
        await asyncio.wait({task}, timeout=0.1)  # ten looks
        assert not entered.is_set()
    await asyncio.wait_for(task, 5)
    assert entered.is_set()


@pytest.mark.django_db(transaction=True)
async def test_queued_runs_go_first(project: Project, tmp_path: Path) -> None:
    run = await sync_to_async(run_queue.enqueue)(make_plan(project, scenario="sleep"), project)
    task, entered = waiting(tmp_path / "run.lock")
    await asyncio.wait({task}, timeout=0.1)
    assert not entered.is_set()
    await Run.objects.filter(pk=run.pk).aupdate(status=Status.FINISHED)
    await asyncio.wait_for(task, 5)


@pytest.mark.django_db(transaction=True)
async def test_a_run_without_its_process_is_not_waited_for(
    project: Project, tmp_path: Path
) -> None:
    run = await sync_to_async(run_queue.enqueue)(make_plan(project, scenario="sleep"), project)
    await Run.objects.filter(pk=run.pk).aupdate(owner_started=0)
    task, _ = waiting(tmp_path / "run.lock")
    await asyncio.wait_for(task, 5)
    await run.arefresh_from_db()
    assert run.status == Status.INTERRUPTED


@pytest.mark.django_db(transaction=True)
async def test_no_run_begins_meanwhile(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    async with when_free(path), run_queue.if_free(path) as free:
        assert not free


def test_a_202_warns_that_later_work_is_not_in_the_trace(project: Project) -> None:
    traced = TracedRequest(trace_of(REQUEST, asgiref="3.13.0"), 202, {}, 1)
    (warning,) = XrayResult(subject(project), traced, xray_of(REQUEST)).warnings
    assert "work done after it is not in the trace" in warning


def test_the_result_has_the_request_and_warnings(project: Project) -> None:
    trace = trace_of(REQUEST, *gathered(2, 20), asgiref="3.13.0", dropped=7)
    traced = TracedRequest(trace, 404, {"versions": {"django": "5.2"}}, 3)
    result = XrayResult(subject(project), traced, xray_of(REQUEST, *gathered(2, 20)))
    traced_result = result.to_json()
    assert (traced_result["scenario"], traced_result["lane"]) == ("sleep", "async@daphne")
    assert (traced_result["request"], traced_result["status"]) == (
        "GET /sleep/async/?delay=0.1",
        404,
    )
    assert traced_result["tries"] == 3
    assert traced_result["parameters"] == {"delay": 0.1}
    assert traced_result["target"] == {"versions": {"django": "5.2"}, "asgiref": "3.13.0"}
    assert (traced_result["hops"], len(traced_result["serialised"])) == (2, 1)
    assert traced_result["sentence"].startswith("This async view makes 2 thread hops")
    assert traced_result["warnings"] == ["The request was answered 404."]
    assert result.evidence == traced_result["serialised"][0]


def test_the_exception_of_a_failed_request_is_quoted(project: Project) -> None:
    raised: AnswerKind = {
        "status": 500,
        "type": "shop.Broken",
        "message": "no",
        "where": "a.py:1 f",
        "count": 1,
    }
    led: AnswerKind = {
        "status": 302,
        "type": None,
        "message": "",
        "where": "/accounts/login/",
        "count": 1,
    }
    traced = TracedRequest(trace_of(REQUEST, asgiref="3.13.0"), 500, {}, 1, (raised, led))
    result = XrayResult(subject(project), traced, xray_of(REQUEST))
    assert result.to_json()["exceptions"] == [raised]
    assert result.warnings == [
        "The request was answered 500.",
        "1 request answered 500 by Broken: no (a.py:1 f).",
        "It was redirected to /accounts/login/.",
    ]
