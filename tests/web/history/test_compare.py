"""The comparison of two runs, and the reason where two cannot be compared."""

from __future__ import annotations

import re

from django.test import AsyncClient

from dashboard.models import Run, Status
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.web.charts.log_axis import MARKS
from tests.web.bench.test_runs import finished
from tests.web.history.test_history import again, text_of

CHOSEN = re.compile(r'name="(\w)" value="(\w+)"[^>]* checked')


async def refused(browser: AsyncClient, query: str) -> str:
    """Return the page that is shown instead of a comparison."""
    response = await browser.get(f"/runs/compare/{query}")
    page = response.content.decode()
    assert response.status_code == 422
    assert "<h1>Runs</h1>" in page
    return page


async def test_a_comparison_begins_with_the_differences(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    first, second = await finished(laboratory), await again(laboratory)
    page = await text_of(browser, f"/runs/compare/?a={first.pk}&b={second.pk}")
    assert page.index("load.requests") < page.index("<h2>Lanes</h2>")
    assert "<td>40</td><td>8</td>" in page
    assert "no verdict" in page
    assert "no lane in common" in page
    third = await again(laboratory)
    same = await text_of(browser, f"/runs/compare/?a={second.pk}&b={third.pk}")
    assert "None: same plan, same environment." in same
    curves = 2 * len(second.plan["lanes"])
    assert same.count('class="curve"') == curves
    assert same.count('class="lane-mark"') == curves * MARKS
    assert "<b>as long</b>" in same
    assert "<b>as much</b>" in same
    assert "no lane in common" not in same


async def test_what_is_missing_is_named_and_the_rest_stays_chosen(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    first, second = await finished(laboratory), await finished(laboratory)
    for query in ("", f"?a={first.pk}", f"?b={first.pk}"):
        assert "Choose two runs" in await refused(browser, query)
    page = await refused(browser, f"?a={first.pk}&b=nothing")
    assert "No run nothing is stored" in page
    assert ("a", first.pk) in CHOSEN.findall(page)
    page = await refused(browser, f"?a={second.pk}&b={second.pk}")
    assert f"Both are the run {second.pk}: choose another one" in page
    assert ("b", second.pk) in CHOSEN.findall(page)
    assert "&lt;b&gt;" in await refused(browser, "?a=<b>&b=x")


async def test_only_what_can_be_compared_is_offered(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    first, second, third = [await finished(laboratory) for _ in range(3)]
    assert CHOSEN.findall(await text_of(browser, "/runs/")) == [("b", third.pk), ("a", second.pk)]
    await Run.objects.filter(pk=third.pk).aupdate(report=None, status=Status.FAILED)
    page = await text_of(browser, "/runs/")
    assert CHOSEN.findall(page) == [("b", second.pk), ("a", first.pk)]
    assert f'value="{third.pk}"' not in page
    page = await refused(browser, f"?a={first.pk}&b={third.pk}")
    assert f"The run {third.pk} is failed without any request" in page
    await Run.objects.filter(pk=third.pk).aupdate(pinned=True)
    assert "Compare with the baseline" not in await text_of(browser, f"/runs/{first.pk}/")


async def test_a_deleted_or_active_run_is_not_compared(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    first, second = await finished(laboratory), await finished(laboratory)
    await browser.post(f"/runs/{first.pk}/delete/")
    page = await refused(browser, f"?a={first.pk}&b={second.pk}")
    assert f"The run {first.pk} was deleted." in page
    assert f"/runs/{first.pk}/restore/" in page
    await Run.objects.filter(pk=first.pk).aupdate(deleted=None, status=Status.RUNNING)
    page = await refused(browser, f"?a={first.pk}&b={second.pk}")
    assert "is running: it can be compared once it has ended" in page
    await Run.objects.filter(pk=first.pk).aupdate(status=Status.FINISHED)
