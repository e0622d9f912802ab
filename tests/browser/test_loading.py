"""What a browser loads: how many files, how large, from its cache, and with which addresses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request

from dashboard.web.serving.bundle import current_bundle

from .bench import fill, fire, wait_for_status
from .conftest import PATIENCE_MS

MOST_REQUESTS = 5  # the page, its style sheet, htmx, our script, and one to spare
bundled = pytest.mark.skipif(
    current_bundle() is None, reason="no bundle: node_modules/ lacks esbuild, see `npm ci`"
)


@pytest.fixture
def visitor(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that has loaded nothing yet."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


def requests_of(page: Page) -> list[Request]:
    """Return a list to which each request of the page is added; a websocket is none."""
    requests: list[Request] = []
    page.on("request", lambda request: requests.append(request))  # noqa: PLW0108 - takes functions
    return requests


@bundled
def test_a_first_visit_loads_few_files_and_the_next_only_the_page(
    visitor: BrowserContext, dashboard: str
) -> None:
    page = visitor.new_page()
    requests = requests_of(page)
    page.goto(dashboard, wait_until="networkidle")
    page.wait_for_selector("#connection[data-state=live]")
    assert 3 < len(requests) <= MOST_REQUESTS, [request.url for request in requests]
    for request in requests:
        response = request.response()
        assert response is not None
        assert response.status == 200, request.url
        if "/static/" in request.url:
            assert "/static/bundle/" in request.url
            assert response.header_value("content-encoding") == "gzip"
    page.goto(f"{dashboard}/claims/", wait_until="networkidle")
    assert [Path(url).name.partition("-")[0] for url in transferred(page)] == ["claims"]
    page.goto(dashboard, wait_until="networkidle")
    assert transferred(page) == []


def transferred(page: Page) -> list[str]:
    """Return the addresses of static files that did not come from the browser's cache."""
    urls: list[str] = page.evaluate(
        """() => performance.getEntriesByType('resource')
          .filter(({name, transferSize}) => name.includes('/static/') && transferSize > 0)
          .map(({name}) => new URL(name).pathname)"""
    )
    return urls


def test_no_address_has_the_csrf_token(page: Page, dashboard: str) -> None:
    """HTMX puts the fields of a form into the address of a GET, the token among them."""
    requests = requests_of(page)
    form = "#fire-form"
    fill(page, requests=12)
    for field in ("parameter_delay", "concurrency"):
        with page.expect_response("**/fire/?**"):
            page.locator(f"{form} [name={field}]").fill("3")
            page.locator(f"{form} [name={field}]").blur()
    with page.expect_response("**/fire/?scenario=**"):
        page.locator(f"{form} [name=scenario]").select_option("external-api")
    page.goto(dashboard)
    fire(page, 10)
    wait_for_status(page, "finished")
    page.goto(f"{dashboard}/runs/")
    page.locator("form.search [type=search]").fill("sleep")
    page.locator("form.search [type=search]").press("Enter")
    page.goto(f"{dashboard}/explore/")
    with page.expect_response("**/explore/?scenario=**"):
        page.locator("#scenario").select_option("external-api")
    page.goto(f"{dashboard}/xray/")
    page.get_by_role("button", name="Choose").click()
    page.goto(dashboard)
    addresses = [request.url for request in requests]
    with_fields = [url for url in addresses if "parameter_delay=" in url]
    assert len(with_fields) >= 2, addresses
    assert [url for url in addresses if "csrf" in url.lower()] == []
