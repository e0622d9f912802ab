"""Take the pictures and samples of README and docs from real runs: `make pictures`.

`python -m tests.browser.pictures NAME …` takes only those: finished, blocked, claim, xray, bill,
sweep, animation, where (of a project of its own), samples.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode, urljoin

from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

from .animation import record
from .arranged_pages import CLAIM, UNTRIED
from .bench import choose_lanes, fill, fire, run_it, unfold, wait_for_bars, wait_for_status
from .chromium import launched
from .conftest import ROOT, serving
from .walkthrough import take_pictures

PICTURES = ROOT / "docs" / "pictures"
SAMPLES = ROOT / "docs" / "samples"
VIEW: ViewportSize = {"width": 1440, "height": 1000}
SLOWEST_S = 240
PAINTED = """() => [...document.querySelectorAll('#panel .chart canvas')].some(one => one.width &&
  one.getContext('2d').getImageData(0, 0, one.width, one.height).data.some(Boolean))"""
# The runs that docs/samples has as files: scenario, requests, lanes (none: those of the scenario).
SAMPLED: Mapping[str, tuple[str, int, tuple[str, ...]]] = {
    "waiting": ("sleep", 100, ()),
    "blocked": ("sleep", 40, ("async-blocking@uvicorn", "async@uvicorn")),
    "cpu": ("cpu", 10, ()),
}
ROUNDS = 5  # the fewest that have an interval

Scheme = Literal["light", "dark"]


def main() -> int:
    """Take all pictures, or those named."""
    wanted = sys.argv[1:] or list(TAKEN)
    if unknown := [name for name in wanted if name not in TAKEN]:
        print(f"unknown: {', '.join(unknown)}. Pictures: {', '.join(TAKEN)}", file=sys.stderr)
        return 2
    PICTURES.mkdir(exist_ok=True)
    SAMPLES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as home,
        serving(Path(home)) as address,
        launched() as browser,
    ):
        _fired(browser, address)  # all servers and the engine are warm from here on
        _measured_again(browser, address)
        for name in wanted:
            TAKEN[name](browser, address)
            print(f"{name}: done", flush=True)
    return 0


@contextmanager
def _page(browser: Browser, address: str, scheme: Scheme = "light") -> Iterator[Page]:
    """Open a page once no run is active."""
    page = browser.new_page(viewport=VIEW, color_scheme=scheme)
    page.set_default_timeout(1000 * SLOWEST_S)
    page.goto(urljoin(address, "/"))
    expect(page.locator("#queue [data-run]")).to_have_count(0, timeout=1000 * SLOWEST_S)
    page.goto(address)
    yield page
    page.close()


def _fired(browser: Browser, address: str) -> None:
    """Fire a short burst at the default lanes."""
    with _page(browser, address) as page:
        page.wait_for_selector("#connection[data-state=live]")
        fire(page, 10)
        wait_for_status(page, "finished", timeout_s=SLOWEST_S)


def _run(
    browser: Browser,
    address: str,
    *,
    scenario: str = "sleep",
    lanes: tuple[str, ...] = (),
    requests: int = 100,
    rounds: int = ROUNDS,
) -> str:
    """Return the address of a finished run; no page draws it while it is measured."""
    with _page(browser, f"{address}/?{urlencode({'scenario': scenario})}") as page:
        page.wait_for_selector("#connection[data-state=live]")
        unfold(page)
        if lanes:
            choose_lanes(page, *lanes)
        fill(page, requests=requests, rounds=rounds)
        run = run_it(page)
    with _page(browser, f"{address}/runs/{run}/") as page:
        wait_for_status(page, "finished", timeout_s=SLOWEST_S)
    return f"{address}/runs/{run}/"


def _measured_again(browser: Browser, address: str) -> None:
    """Calibrate again: the browser was starting during the first calibration."""
    with _page(browser, address) as page:
        fill(page)
        with page.expect_response(lambda answer: answer.request.method == "POST"):
            page.locator("#instrument").get_by_role("button").click()


def _finished(browser: Browser, address: str) -> None:
    """The finished run of three lanes, in both schemes."""
    run = _run(browser, address)
    schemes: tuple[Scheme, ...] = ("light", "dark")
    for scheme in schemes:
        with _page(browser, run, scheme) as page:
            wait_for_bars(page, 100)
            page.wait_for_function(PAINTED)
            page.screenshot(path=PICTURES / f"finished-{scheme}.png", full_page=True)


def _blocked(browser: Browser, address: str) -> None:
    """An async view that sleeps: its waterfall and causes."""
    lanes = ("async-blocking@uvicorn", "async@uvicorn")
    with _page(browser, _run(browser, address, lanes=lanes, requests=40)) as page:
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


def _xray(browser: Browser, address: str) -> None:
    with _page(browser, _run(browser, address, requests=10)) as page:
        page.get_by_role("button", name="X-ray", exact=True).last.click()
        page.locator("svg.xray-picture").wait_for(timeout=1000 * SLOWEST_S)
        _part(page.locator("main"), "xray")


def _bill(browser: Browser, address: str) -> None:
    """One that costs two hops, without which there are ten more, and one that is needed."""
    request = f"{address}/xray/?scenario=middleware&lane=async-plus-one@uvicorn"
    with _page(browser, request) as page:
        page.get_by_role("button", name="X-ray one request").click()
        for name in ("sync_only", "SessionMiddleware"):
            button = page.get_by_role("button", name=f"Try without {name}")
            button.click(timeout=1000 * SLOWEST_S)
            tried = page.get_by_role("button", name=f"Try again without {name}")
            tried.wait_for(timeout=1000 * SLOWEST_S)
        _part(page.locator(".xray-bill"), "bill")


def _sweep(browser: Browser, address: str) -> None:
    with _page(browser, f"{address}/explore/") as page:
        page.get_by_role("button", name="Run the sweep").click()
        experiment = page.locator("#experiment")
        expect(experiment).to_have_attribute("data-status", "finished", timeout=1000 * SLOWEST_S)
        _part(page.locator("main"), "sweep")


def _animation(browser: Browser, address: str) -> None:
    """One round of three lanes, replayed."""
    run = _run(browser, address, rounds=1)
    with _page(browser, run) as page:
        wait_for_bars(page, 100)
        record(page, PICTURES / "burst.webp")


def _where(browser: Browser, address: str) -> None:
    """The walk-through of docs/where.md, at a dashboard of its own."""
    take_pictures(browser, PICTURES)


def _samples(browser: Browser, address: str) -> None:
    """Three runs as files, and the card of each."""
    for name, (scenario, requests, lanes) in SAMPLED.items():
        run = _run(browser, address, scenario=scenario, lanes=lanes, requests=requests)
        with _page(browser, run) as page:
            for kind, ending in (("html", "html"), ("card", "svg")):
                answer = page.request.get(f"{run}export/{kind}")
                assert answer.ok
                text = answer.text().replace(str(ROOT), "/liveburst")  # no path of this machine
                (SAMPLES / f"{name}.{ending}").write_text(text)


def _part(part: Locator, name: str) -> None:
    part.screenshot(path=PICTURES / f"{name}.png")


TAKEN: Mapping[str, Callable[[Browser, str], None]] = {
    "finished": _finished,
    "blocked": _blocked,
    "claim": _claim,
    "xray": _xray,
    "bill": _bill,
    "sweep": _sweep,
    "animation": _animation,
    "where": _where,
    "samples": _samples,
}

if __name__ == "__main__":
    sys.exit(main())
