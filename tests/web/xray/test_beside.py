"""A second X-ray beside the first, and the middleware's bill with its experiments."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from django.test import AsyncClient

from dashboard.analysis.xray.bill import middleware_bill
from dashboard.analysis.xray.trace import Xray
from dashboard.project.labtoml.load import load_manifest
from dashboard.runs.xray.traced_request import (
    RequestTracer,
    XrayResult,
    XraySubject,
    make_subject,
)
from dashboard.targets.trace import OnStep, TracedRequest
from dashboard.web.xray.jobs import XrayJob, XrayStore, xray_store
from dashboard.wire.errors import TargetFailed
from tests.analysis.xray.chains import async_lane, sync_lane, sync_only_last
from tests.analysis.xray.test_trace import REQUEST, trace_of, xray_of
from tests.runs.xray.test_pair import LANE, WITHOUT, xrayed
from tests.targets.helpers import LIVEAPP
from tests.web.xray.test_xray import ended


def kept(lane: str, xray: Xray, *, first: str = "", status: int = 200) -> str:
    """Keep an X-ray as if it had been made, and return its id."""
    result = xrayed(lane, xray, status)
    bill = middleware_bill(xray)
    return xray_store.keep(XrayJob(result.subject, result=replace(result, bill=bill), first=first))


async def test_the_bill_offers_an_experiment_for_each_middleware(browser: AsyncClient) -> None:
    number = kept(LANE, sync_only_last())
    text = (await browser.get(f"/xray/{number}/")).content.decode()
    assert re.search(r"<th[^>]*>own</th><td>sync only</td><td>sync</td><td>2</td>", text)
    assert f'action="/xray/{number}/beside/"' in text
    assert f'name="lane" value="{LANE}:without=own"' in text
    assert "Above a sync-only middleware" in text
    assert "The difference" not in text


async def test_an_experiment_shows_its_difference_first_and_its_outcome_in_the_bill(
    browser: AsyncClient,
) -> None:
    first = kept(LANE, async_lane())
    second = kept(WITHOUT, sync_lane(), first=first)
    text = (await browser.get(f"/xray/{second}/")).content.decode()
    assert f"<title>X-rays of {LANE} and {WITHOUT}" in text
    outcome = "−2 hops, −1 thread, −4 ms, still 200"
    assert text.index(f"{WITHOUT} against {LANE}: −2 hops") < text.index("xray-picture")
    assert text.count('<svg class="xray-picture"') == 2
    assert f'<a href="/xray/{second}/">{outcome}</a>' in text
    assert f'action="/xray/{first}/beside/"' in text  # the next one is laid beside the same
    again = (await browser.get(f"/xray/{first}/")).content.decode()
    assert f'<a href="/xray/{second}/">{outcome}</a>' in again
    assert "Try again without SessionMiddleware" in again


async def test_an_experiment_that_failed_is_named_in_the_bill(browser: AsyncClient) -> None:
    first = kept(LANE, async_lane())
    subject = xrayed(WITHOUT, sync_lane()).subject
    failed = xray_store.keep(XrayJob(subject, problem=TargetFailed("no answer"), first=first))
    text = (await browser.get(f"/xray/{first}/")).content.decode()
    assert f'<a href="/xray/{failed}/">failed</a>' in text
    response = await browser.get(f"/xray/{failed}/")
    assert response.status_code == 502
    assert f'<a href="/xray/{first}/">Back to the first X-ray</a>' in response.content.decode()


async def test_an_x_ray_without_its_first_one_is_shown_alone(browser: AsyncClient) -> None:
    number = kept(WITHOUT, sync_lane(), first="dropped")
    text = (await browser.get(f"/xray/{number}/")).content.decode()
    assert "The X-ray that this one was compared with is no longer kept." in text
    assert text.count('<svg class="xray-picture"') == 1


@pytest.mark.parametrize(
    ("lane", "words"),
    [
        ("", "expected a lane, found none"),
        (LANE, f"expected another lane than {LANE}"),
        ("async-default@apache", "expected a server"),
        ("async-default@uvicorn:without=a b", "expected the path of a middleware or its end"),
    ],
)
async def test_an_impossible_second_lane_is_refused_beside_its_field(
    browser: AsyncClient, monkeypatch: pytest.MonkeyPatch, lane: str, words: str
) -> None:
    monkeypatch.setattr(XrayStore, "start", lambda *_, **__: pytest.fail("started"))
    number = kept(LANE, async_lane())
    response = await browser.post(f"/xray/{number}/beside/", {"lane": lane})
    assert response.status_code == 422
    text = response.content.decode()
    assert re.search(rf'id="error-beside-lane">.*{re.escape(words)}', text, re.DOTALL)
    assert '<svg class="xray-picture"' in text


async def test_nothing_is_laid_beside_what_has_not_been_traced(browser: AsyncClient) -> None:
    unfinished = xray_store.keep(XrayJob(xrayed(LANE, sync_lane()).subject))
    for number in (unfinished, "nothing"):
        response = await browser.post(f"/xray/{number}/beside/", {"lane": WITHOUT})
        assert response.status_code == 404
    assert (await browser.get(f"/xray/{unfinished}/beside/")).status_code == 405


async def test_a_second_lane_has_the_parameters_of_the_first(
    browser: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    async def trace(_: RequestTracer, subjects: list[XraySubject], on_step: OnStep) -> None:
        seen.extend(subjects)

    monkeypatch.setattr(RequestTracer, "trace_if_free", trace)
    subject = make_subject(
        load_manifest(LIVEAPP),
        scenario="sleep",
        lane="async@daphne",
        parameters={"delay": 0.25},
        timeout_s=7,
    )
    result = XrayResult(subject, TracedRequest(trace_of(REQUEST), 200, {}, 1), xray_of(REQUEST))
    number = xray_store.keep(XrayJob(subject, result=result))
    pressed = await browser.post(f"/xray/{number}/beside/", {"lane": "sync@daphne"})
    assert pressed.status_code == 303
    job = await ended(pressed["Location"])
    second, again = seen
    assert again == subject  # the first one, after it
    assert (str(second.lane), second.parameters, second.timeout_s) == (
        *("sync@daphne", {"delay": 0.25}, 7),
    )
    assert job.first == number


@pytest.mark.servers
async def test_a_press_at_a_middleware_tries_the_request_without_it(browser: AsyncClient) -> None:
    """Two real servers: SecurityMiddleware makes two hops, and the response needs it in nothing."""
    asked = {"scenario": "middleware", "lane": LANE}
    first = (await browser.post("/xray/", asked))["Location"]
    await ended(first)
    text = (await browser.get(first)).content.decode()
    (lane,) = re.findall(r'value="([^"]*without=SecurityMiddleware)"', text)
    pressed = await browser.post(f"{first}beside/", {"lane": lane})
    await ended(pressed["Location"])
    text = (await browser.get(pressed["Location"])).content.decode()
    assert re.search(r">−2 hops, [^<]*still 200</a>", text)
    assert re.search(r"against [^<]*: −2 hops[^<]*By part: SecurityMiddleware \(−2 hops\)", text)
