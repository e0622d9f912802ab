"""Take the pictures of README and docs from real runs: `make pictures`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import urljoin

from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

from .arranged import CLAIM, UNTRIED
from .bench import choose_lanes, fill, fire, run_it, wait_for_bars, wait_for_status
from .chromium import launched
from .conftest import ROOT, serving

PICTURES = ROOT / "docs" / "pictures"
VIEW: ViewportSize = {"width": 1440, "height": 1000}
SLOWEST_S = 120
PAINTED = """() => [...document.querySelectorAll('.panel .chart canvas')].some(one => one.width &&
  one.getContext('2d').getImageData(0, 0, one.width, one.height).data.some(Boolean))"""

Scheme = Literal["light", "dark"]


def main() -> None:
    """Take each picture of the documents."""
    PICTURES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as home,
        serving(Path(home)) as address,
        launched() as browser,
    ):
        _fired(browser, address, requests=10)  # all servers and the engine are warm from here on
        _measured_again(browser, address)
        run = _fired(browser, address, requests=100)
        for scheme in ("light", "dark"):
            _finished(browser, run, scheme)
        _blocked(browser, address)
        _claim(browser, address)
        _xray(browser, run)
        _sweep(browser, address)


@contextmanager
def _page(browser: Browser, address: str, scheme: Scheme = "light") -> Iterator[Page]:
    """Open a page once no run is active."""
    page = browser.new_page(viewport=VIEW, color_scheme=scheme)
    page.goto(urljoin(address, "/"))
    expect(page.locator("#queue [data-run]")).to_have_count(0, timeout=1000 * SLOWEST_S)
    page.goto(address)
    yield page
    page.close()


def _fired(browser: Browser, address: str, requests: int) -> str:
    """Return the address of a finished run of the three default lanes."""
    with _page(browser, address) as page:
        page.wait_for_selector("#connection[data-state=live]")
        run = fire(page, requests)
        wait_for_status(page, "finished")
    return f"{address}/runs/{run}/"


def _measured_again(browser: Browser, address: str) -> None:
    """Calibrate again: the browser was starting during the first calibration."""
    with _page(browser, address) as page:
        fill(page)
        with page.expect_response(lambda answer: answer.request.method == "POST"):
            page.locator("#instrument").get_by_role("button").click()


def _finished(browser: Browser, run: str, scheme: Scheme) -> None:
    with _page(browser, run, scheme) as page:
        wait_for_bars(page, 100)
        page.wait_for_function(PAINTED)
        page.screenshot(path=PICTURES / f"finished-{scheme}.png", full_page=True)


def _blocked(browser: Browser, address: str) -> None:
    """An async view that sleeps: its waterfall and causes."""
    with _page(browser, address) as page:
        page.wait_for_selector("#connection[data-state=live]")
        choose_lanes(page, "async-blocking@uvicorn", "async@uvicorn")
        fill(page, requests=40)
        run = run_it(page)
        wait_for_status(page, "finished", timeout_s=SLOWEST_S)
    with _page(browser, f"{address}/runs/{run}/") as page:
        wait_for_bars(page, 40)
        page.get_by_role("radio", name="Why", exact=True).check()
        page.wait_for_function(PAINTED)
        page.evaluate("scrollTo(0, 0)")  # where the bar is at the top
        page.screenshot(path=PICTURES / "blocked.png", full_page=True)


def _claim(browser: Browser, address: str) -> None:
    with _page(browser, f"{address}/claims/") as page:
        card = page.locator(f"#claim-{CLAIM}")
        card.get_by_role("button", name="Try", exact=True).click()
        expect(card.locator(UNTRIED)).to_have_count(0, timeout=1000 * SLOWEST_S)
        _part(card, "claim")


def _xray(browser: Browser, run: str) -> None:
    with _page(browser, run) as page:
        page.get_by_role("button", name="X-ray", exact=True).last.click()
        page.locator("svg.xray-picture").wait_for(timeout=1000 * SLOWEST_S)
        _part(page.locator("main"), "xray")


def _sweep(browser: Browser, address: str) -> None:
    with _page(browser, f"{address}/explore/") as page:
        page.get_by_role("button", name="Run the sweep").click()
        experiment = page.locator("#experiment")
        expect(experiment).to_have_attribute("data-status", "finished", timeout=1000 * SLOWEST_S)
        _part(page.locator("main"), "sweep")


def _part(part: Locator, name: str) -> None:
    part.screenshot(path=PICTURES / f"{name}.png")


if __name__ == "__main__":
    main()
