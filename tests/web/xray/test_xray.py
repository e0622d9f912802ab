"""The X-ray page: its form, its errors, its result; with a real server."""

from __future__ import annotations

import asyncio
import fcntl
import re
from pathlib import Path

import pytest
from django.http import Http404
from django.test import AsyncClient
from hypothesis import given

from dashboard.runs.queue.laboratory import LOCK_NAME, Laboratory
from dashboard.runs.xray import traced_request
from dashboard.runs.xray.traced_request import (
    RequestTracer,
    XrayResult,
    XraySubject,
    make_subject,
)
from dashboard.targets.trace import OnStep, TracedRequest
from dashboard.web.xray.jobs import MAX_KEPT, XrayJob, XrayStore, xray_store
from dashboard.web.xray.picture import ROW_HEIGHT, picture
from dashboard.web.xray.time_axis import VISIBLE, WIDTH, axis_of
from tests.analysis.xray.test_trace import (
    LOOP,
    REQUEST,
    WORKER,
    Row,
    any_rows,
    gathered,
    trace_of,
    xray_of,
)

ASKED = {"scenario": "sleep", "lane": "async@daphne", "parameter_delay": "0.01", "timeout": "30"}


async def test_the_form_opens_from_any_lane(browser: AsyncClient) -> None:
    response = await browser.get(
        "/xray/?scenario=sleep&lane=async@gunicorn-gthread:threads=2&parameter_delay=0.5"
    )
    assert response.status_code == 200
    text = response.content.decode()
    assert 'value="async@gunicorn-gthread:threads=2"' in text
    assert re.search(r'name="parameter_delay"[^>]* value="0.5"', text)
    assert "error-" not in text


async def test_only_a_post_with_the_token_starts_an_xray(
    browser: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(XrayStore, "start", lambda *_: pytest.fail("started"))
    address = "/xray/?scenario=sleep&lane=async@daphne"
    assert (await browser.get(address)).status_code == 200
    assert (await browser.head(address)).status_code == 200
    strict = AsyncClient(enforce_csrf_checks=True)
    strict.cookies, strict.defaults = browser.cookies, browser.defaults
    assert (await strict.post(address)).status_code == 403


async def ended(address: str) -> XrayJob:
    """Wait for the end of the X-ray at this address."""
    job = xray_store.get(address.strip("/").rpartition("/")[2])
    assert job.task
    await job.task
    return job


@pytest.mark.servers
async def test_an_xray_shows_its_steps_and_then_its_threads(browser: AsyncClient) -> None:
    pressed = await browser.post("/xray/", ASKED)
    assert pressed.status_code == 303
    steps = set()
    while not (job := xray_store.get(pressed["Location"].split("/")[-2])).ended:
        part = await browser.get(pressed["Location"], headers={"HX-Request": "true"})
        steps.add(job.step)
        ended_meanwhile = "HX-Redirect" in part
        assert ended_meanwhile or 'hx-trigger="every 500ms"' in part.content.decode()
        await asyncio.sleep(0.01)
    assert {"starting daphne", "tracing one request"} <= steps
    over = await browser.get(pressed["Location"], headers={"HX-Request": "true"})
    assert over["HX-Redirect"] == pressed["Location"]
    shown = await browser.get(pressed["Location"])
    text = shown.content.decode()
    assert "This async view makes 2 thread hops, and starts 2 threads" in text
    assert '<svg class="xray-picture"' in text
    assert "liveapp.views.sleep.async_" in text
    trace = await browser.get(pressed["Location"] + "trace.json")
    assert trace["Content-Disposition"].startswith("attachment")
    assert {event["ph"] for event in trace.json()["traceEvents"]} == {"M", "X", "s", "f"}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"lane": "async"}, "expected VARIANT@SERVER"),
        ({"lane": "async@apache"}, "expected a server"),
        ({"parameter_delay": "11"}, "expected 0 to 10 s"),
        ({"parameter_delay": "fast"}, "expected a finite number, found &#x27;fast&#x27;"),
        ({"parameter_delay": "inf"}, "expected a finite number"),
        ({"timeout": "soon"}, "expected a finite number, found &#x27;soon&#x27;"),
        ({"timeout": "0"}, "expected above 0"),
        ({"scenario": "nothing"}, "Expected a scenario"),
        ({"lane": ""}, "expected a lane, found none"),
        ({"lane": "a" * 251}, "expected 250 characters at most, found 251"),
        ({"lane": "async@daphne:without=a b"}, "expected the path of a middleware or its end"),
    ],
)
async def test_an_impossible_value_has_a_message_beside_its_field(
    browser: AsyncClient, changed: dict[str, str], words: str
) -> None:
    response = await browser.post("/xray/", ASKED | changed)
    assert response.status_code == 422
    assert words in response.content.decode()


async def test_no_xray_is_started_during_a_run(
    browser: AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traced_request, "PATIENCE_S", 0.05)
    with (tmp_path / LOCK_NAME).open("a") as lock:
        fcntl.flock(lock.fileno(), fcntl.LOCK_EX)
        pressed = await browser.post("/xray/", ASKED)
        waiting = await browser.get(pressed["Location"])
        assert "waiting for the machine" in waiting.content.decode()
        assert "<noscript>" in waiting.content.decode()
        await ended(pressed["Location"])
    response = await browser.get(pressed["Location"])
    assert response.status_code == 409
    assert "is using the machine" in response.content.decode()
    assert not (tmp_path / "logs").exists()


@pytest.mark.servers
async def test_a_failed_xray_shows_the_servers_log(browser: AsyncClient) -> None:
    slow = ASKED | {"lane": "sync@gunicorn-sync", "parameter_delay": "10", "timeout": "0.1"}
    pressed = await browser.post("/xray/", slow)
    await ended(pressed["Location"])
    response = await browser.get(pressed["Location"])
    assert response.status_code == 502
    assert "expected an answer to GET /sleep/sync/?delay=10" in response.content.decode()


async def test_a_dropped_xray_is_not_found(browser: AsyncClient) -> None:
    assert (await browser.get("/xray/nothing/")).status_code == 404
    assert (await browser.get("/xray/nothing/trace.json")).status_code == 404


async def test_only_the_last_xrays_are_kept(laboratory: Laboratory) -> None:
    subject = make_subject(
        laboratory.project, scenario="sleep", lane="async@daphne", parameters={}, timeout_s=1
    )
    result = XrayResult(subject, TracedRequest(trace_of(REQUEST), 200, {}, 1), xray_of(REQUEST))
    store = XrayStore()
    job = XrayJob(subject, result=result)
    numbers = [store.keep(job) for _ in range(MAX_KEPT + 1)]
    with pytest.raises(Http404):
        store.get(numbers[0])
    assert all(store.get(number) is job for number in numbers[1:])


async def test_one_press_at_a_lane_traces_what_its_address_names(
    browser: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    async def trace(_: RequestTracer, subjects: list[XraySubject], on_step: OnStep) -> None:
        seen.extend(subjects)

    monkeypatch.setattr(RequestTracer, "trace_if_free", trace)
    pressed = await browser.post(
        "/xray/?scenario=sleep&lane=async@daphne&parameter_delay=0.5", {"csrf": "no field"}
    )
    assert pressed.status_code == 303
    await ended(pressed["Location"])
    (subject,) = seen
    assert (str(subject.lane), subject.parameters["delay"]) == ("async@daphne", 0.5)
    refused = await browser.post("/xray/?scenario=sleep&lane=async@apache")
    assert refused.status_code == 422


# The picture


def test_a_hop_is_two_arrows_and_time_is_to_scale() -> None:
    drawn = picture(xray_of(REQUEST, ("to_thread", 0, LOOP, 10, 90), ("work", 1, 12, 20, 80)))
    assert not drawn.breaks
    assert [bar.kind for bar in drawn.bars] == ["request", "hop", "work"]
    assert drawn.bars[1].x == 0.1 * WIDTH
    assert drawn.bars[1].width == pytest.approx(0.8 * WIDTH)
    assert [(arrow.x1, arrow.x2) for arrow in drawn.arrows] == [
        (0.1 * WIDTH, 0.2 * WIDTH),
        (0.9 * WIDTH, 0.8 * WIDTH),
    ]
    assert [tick.label for tick in drawn.ticks] == ["0 ms", "20 ms", "40 ms", "60 ms", "80 ms"]
    assert [lane.note for lane in drawn.bands] == ["event loop", ""]


def test_gathered_calls_have_a_row_each() -> None:
    drawn = picture(xray_of(REQUEST, *gathered(4, 10)))
    assert len({bar.y for bar in drawn.bars if bar.kind == "hop"}) == 4
    assert len({bar.y for bar in drawn.bars if bar.kind == "work"}) == 1


@given(any_rows())
def test_bars_stay_inside_and_children_are_below_their_parents(rows: list[Row]) -> None:
    traced_request = xray_of(*rows)
    drawn = picture(traced_request)
    xs = [tick.at for tick in drawn.ticks]
    assert xs == sorted(xs)
    for span, bar in zip(traced_request.spans, drawn.bars, strict=True):
        lane = drawn.bands[span.thread]
        assert 0 <= bar.x <= WIDTH
        assert lane.y < bar.y <= lane.y + lane.height - ROW_HEIGHT
        if span.parent is not None and traced_request.spans[span.parent].thread == span.thread:
            assert bar.y > drawn.bars[span.parent].y


# The axis

SLEEPER = ("request", None, LOOP, 0, 1000.6)


def test_a_long_wait_is_cut_so_that_the_hops_around_it_can_be_seen() -> None:
    rows: list[Row] = [
        SLEEPER,
        ("sync_to_async", 0, LOOP, 0.1, 0.5),
        ("work", 1, WORKER, 0.2, 0.4),
        ("view", 0, LOOP, 0.5, 1000.1),
        ("sync_to_async", 0, LOOP, 1000.1, 1000.5),
        ("work", 4, WORKER, 1000.2, 1000.4),
    ]
    xray = xray_of(*rows)
    broken, whole = picture(xray), picture(xray, axis_of(xray, to_scale=True))
    assert not whole.breaks
    assert max(bar.width for bar in whole.bars if bar.kind == "hop") < VISIBLE
    assert [gap.label for gap in broken.breaks] == ["1.00 s"]
    assert min(bar.width for bar in broken.bars if bar.kind == "hop") > 50
    assert all(arrow.x1 <= WIDTH and arrow.x2 <= WIDTH for arrow in broken.arrows)
    view = next(bar for bar in broken.bars if bar.kind == "view")
    assert view.x < broken.breaks[0].x < view.x + view.width
    labels = [tick.label for tick in broken.ticks]
    assert labels[0] == "0 ms"
    assert any(label.startswith("1000.") for label in labels)


@given(any_rows())
def test_time_never_runs_backwards_on_a_broken_axis(rows: list[Row]) -> None:
    xray = xray_of(*rows)
    axis = axis_of(xray, to_scale=False)
    instants = sorted({instant for span in xray.spans for instant in (span.start_ns, span.end_ns)})
    xs = [axis.x(instant) for instant in instants]
    assert xs == sorted(xs)
    assert axis.x(0) == 0
    assert axis.x(xray.length_ns) == pytest.approx(WIDTH)


def test_two_x_rays_have_one_axis() -> None:
    """As long as the longer one, and broken only where nothing begins or ends in either."""
    short = xray_of(
        ("request", None, LOOP, 0, 20), ("to_thread", 0, LOOP, 5, 6), ("work", 1, 12, 5.2, 5.8)
    )
    long = xray_of(("request", None, LOOP, 0, 1000), ("view", 0, LOOP, 400, 401))
    axis = axis_of(short, long)
    assert axis.length_ns == long.length_ns
    first, second = picture(short, axis), picture(long, axis)
    assert [(gap.x, gap.label) for gap in first.breaks] == [
        (gap.x, gap.label) for gap in second.breaks
    ]
    assert first.bars[0].width < second.bars[0].width == pytest.approx(WIDTH)
    for begin_ns, end_ns in axis.cuts:
        instants = {
            at
            for xray in (short, long)
            for span in xray.spans
            for at in (span.start_ns, span.end_ns)
        }
        assert not any(begin_ns < instant < end_ns for instant in instants)
