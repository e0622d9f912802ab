"""What the X-ray finds in one request, under both of Django's handlers, with the truth planted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from functools import cache
from typing import Any

import pytest

from tests.targets.helpers import ROOT

Trace = dict[str, Any]
DEFAULT_SEVEN = ",".join(
    f"django.{name}"
    for name in (
        "middleware.security.SecurityMiddleware",
        "contrib.sessions.middleware.SessionMiddleware",
        "middleware.common.CommonMiddleware",
        "middleware.csrf.CsrfViewMiddleware",
        "contrib.auth.middleware.AuthenticationMiddleware",
        "contrib.messages.middleware.MessageMiddleware",
        "middleware.clickjacking.XFrameOptionsMiddleware",
    )
)
VIEWS = (
    "sync", "async_", "gathered", "one_by_one", "side_by_side", "database", "template", "thread",
    "signal", "there_and_back", "broken",
)  # fmt: skip
# Interpreters with other Djangos in them: those that LIVEBURST_PYTHONS names, with colons, or
# beside ours.
NAMED = [name for name in os.environ.get("LIVEBURST_PYTHONS", "").split(":") if name]
OTHERS: list[Any] = NAMED or [str(path) for path in sorted(ROOT.glob(".venv-python*/bin/python"))]
NONE = pytest.param("", marks=pytest.mark.skip("no .venv-python* and no LIVEBURST_PYTHONS"))
PYTHONS = [sys.executable, *(OTHERS or [NONE])]
HOPS = {"sync_to_async", "async_to_sync", "to_thread", "executor"}


@cache
def traces(interface: str, middleware: str = "", python: str = sys.executable) -> dict[str, Trace]:
    """The trace of each of the project's views, one process for all of them."""
    paths = [f"/{view}" for view in VIEWS]
    done = subprocess.run(  # noqa: PLW1510 - its stderr is shown below
        [python, "-m", "tests.targets.injected.xray_requests", interface, *paths],
        cwd=ROOT,
        env={**os.environ, "PLANTED_MIDDLEWARE": middleware},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return dict(zip(VIEWS, json.loads(done.stdout), strict=True))


def kinds(trace: Trace) -> Counter[str]:
    return Counter(span["kind"] for span in trace["spans"])


def named(trace: Trace, kind: str) -> list[str]:
    return [span["name"] for span in trace["spans"] if span["kind"] == kind]


def hops(trace: Trace) -> int:
    """Calls whose work has another thread than they have."""
    by_number = {span["number"]: span for span in trace["spans"]}
    works = [span for span in trace["spans"] if span["parent"] is not None]
    return sum(
        by_number[work["parent"]]["kind"] in HOPS
        and work["kind"] != "thread"
        and work["thread"] != by_number[work["parent"]]["thread"]
        for work in works
    )


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize(
    ("interface", "middleware", "view", "expected"),
    [
        # Signals cost two; a sync view one more.
        ("asgi", "", "async_", (2, 2)),
        ("asgi", "", "sync", (3, 2)),
        # Each process_request, process_view and process_response of the seven is one: thirteen.
        ("asgi", DEFAULT_SEVEN, "async_", (15, 2)),
        ("asgi", DEFAULT_SEVEN, "sync", (16, 2)),
        ("wsgi", "", "sync", (0, 0)),
        ("wsgi", "", "async_", (1, 1)),
        ("wsgi", DEFAULT_SEVEN, "sync", (0, 0)),
        ("wsgi", DEFAULT_SEVEN, "async_", (1, 1)),
    ],
)
def test_hops_and_started_threads_are_counted_exactly(
    python: str,
    interface: str,
    middleware: str,
    view: str,
    expected: tuple[int, int],
) -> None:
    trace = traces(interface, middleware, python)[view]
    if interface == "asgi" and [int(part) for part in trace["asgiref"].split(".")] < [3, 12]:
        expected = (expected[0], 1)  # later ones start a second thread, to join the first
    assert (hops(trace), kinds(trace)["thread"]) == expected


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
@pytest.mark.parametrize("view", VIEWS)
def test_every_span_lies_inside_its_parent_and_ends(interface: str, view: str) -> None:
    trace = traces(interface, DEFAULT_SEVEN)[view]
    by_number = {span["number"]: span for span in trace["spans"]}
    first, *others = trace["spans"]
    assert (first["kind"], first["name"], first["parent"]) == ("request", f"GET /{view}", None)
    assert trace["dropped"] == 0
    for span in others:
        parent = by_number[span["parent"]]
        assert parent["begun"] <= span["begun"]
        if parent["kind"] != "thread":  # a thread may outlive its start, and the request
            assert span["begun"] <= span["ended"] <= parent["ended"]


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_the_whole_chain_of_middleware_is_around_the_view(interface: str) -> None:
    trace = traces(interface, DEFAULT_SEVEN)["async_"]
    assert [f"{name}" for name in named(trace, "middleware")] == [
        path.rpartition(".")[2] for path in DEFAULT_SEVEN.split(",")
    ]
    assert named(trace, "stage")[-13:] == [
        "SecurityMiddleware.process_request",
        "SessionMiddleware.process_request",
        "CommonMiddleware.process_request",
        "CsrfViewMiddleware.process_request",
        "AuthenticationMiddleware.process_request",
        "MessageMiddleware.process_request",
        "CsrfViewMiddleware.process_view",
        "XFrameOptionsMiddleware.process_response",
        "MessageMiddleware.process_response",
        "CsrfViewMiddleware.process_response",
        "CommonMiddleware.process_response",
        "SessionMiddleware.process_response",
        "SecurityMiddleware.process_response",
    ]
    assert named(trace, "view") == ["tests.targets.injected.xray_project.async_"]


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_signals_and_their_receivers(interface: str) -> None:
    trace = traces(interface)["signal"]
    assert named(trace, "signal") == ["request_started", "happened", "request_finished"]
    assert {"reset_queries", "close_old_connections", "listener"} <= set(named(trace, "receiver"))


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_queries_are_verb_and_table_and_never_a_value(interface: str) -> None:
    trace = traces(interface)["database"]
    assert named(trace, "query") == ["SELECT sqlite_master", "CREATE planted", "INSERT planted"]
    text = json.dumps(trace)
    assert "secret" not in text
    assert "value" not in text


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_templates_and_threads_of_the_views_own(interface: str) -> None:
    assert named(traces(interface)["template"], "template") == ["planted.html"]
    trace = traces(interface)["thread"]
    (start,) = [span for span in trace["spans"] if span["name"] == "my own" and "started" in span]
    (work,) = [span for span in trace["spans"] if span["parent"] == start["number"]]
    assert work["thread"] == start["started"] != start["thread"]
    assert work["ended"] - work["begun"] >= 20e6
    assert trace["threads"][str(work["thread"])] == {"name": "my own", "loop": False}


@pytest.mark.parametrize(("interface", "extra"), [("wsgi", 1), ("asgi", 2)])
def test_every_way_to_a_thread_is_a_hop(interface: str, extra: int) -> None:
    trace = traces(interface)["side_by_side"]
    assert (kinds(trace)["executor"], kinds(trace)["to_thread"]) == (4, 1)
    assert hops(trace) == 5 + extra
    threads = {span["thread"] for span in trace["spans"] if span["name"] == "work"}
    assert len(threads) > 3


@pytest.mark.parametrize(("interface", "extra"), [("wsgi", 0), ("asgi", 3)])
def test_there_and_back_is_two_hops(interface: str, extra: int) -> None:
    trace = traces(interface)["there_and_back"]
    assert hops(trace) == 2 + extra
    inner = [span for span in trace["spans"] if span["name"] == "work" and span["kind"] == "work"]
    view = next(span for span in trace["spans"] if span["kind"] == "view")
    assert [span["thread"] for span in inner] == [view["thread"]]  # back on the view's own thread


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_a_thread_with_an_event_loop_is_marked(interface: str) -> None:
    trace = traces(interface)["async_"]
    view = next(span for span in trace["spans"] if span["kind"] == "view")
    assert trace["threads"][str(view["thread"])]["loop"] is True


def test_a_view_that_fails_is_traced_to_its_end() -> None:
    trace = traces("asgi")["broken"]
    assert "BaseHandler.process_exception_by_middleware" not in named(trace, "stage")
    assert "ASGIHandler.process_exception_by_middleware" in named(trace, "sync_to_async")
    assert named(trace, "view") == ["tests.targets.injected.xray_project.broken"]
