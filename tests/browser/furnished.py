"""Dashboards with runs of every kind, in which the states of the page are looked at."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from playwright.sync_api import Browser, Page, expect

from .bench import fill, fire, run_it
from .bench import wait_for_status as wait_for
from .conftest import ROOT, serving

HEIGHT = 1000
LONG_S = 240
SERVERS = ("gunicorn-gthread", "daphne", "uvicorn")


@dataclass(frozen=True)
class Bench:
    """Addresses shared by all looks."""

    address: str
    fresh: str  # a dashboard on which nothing was fired
    finished: str
    prediction: str
    errors: str  # a finished run whose requests timed out
    failed: str  # its project does not start
    xray: str
    matrix: str
    sweep: str


@contextmanager
def furnished(browser: Browser) -> Iterator[Bench]:
    """Start three dashboards, two of them with what the states show."""
    with ExitStack() as stack:
        homes = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(3)]
        address = stack.enter_context(serving(homes[0]))
        fresh = stack.enter_context(serving(homes[1]))
        lab = str(_broken_lab(homes[2]))
        broken = stack.enter_context(serving(homes[2], "--project", lab))
        page = browser.new_page(viewport={"width": 1440, "height": HEIGHT})
        finished = _burst(page, address, requests=100, rounds=5)
        prediction = _burst(
            page, address, "async@daphne", requests=100, rounds=5, parameter_delay=0.2
        )
        errors = _burst(page, address, requests=60, rounds=2, parameter_delay=1, timeout=2)
        yield Bench(
            address=address,
            fresh=fresh,
            finished=finished,
            prediction=prediction,
            errors=errors,
            failed=_failed(page, broken),
            xray=_xray(page, finished),
            matrix=_experiment(page, address, "matrix"),
            sweep=_experiment(page, address, "sweep"),
        )


def opened(page: Page, address: str) -> None:
    """Open the bench and wait for its connection."""
    page.goto(address)
    page.wait_for_selector("#connection[data-state=live]")


def _burst(page: Page, address: str, guess: str = "", **fields: object) -> str:
    """Start a run and leave the page, so that the engine has the machine."""
    opened(page, address)
    fill(page, **fields)
    page.locator("[name=guess]").select_option(guess)
    page.locator("[name=guess_times]").select_option(index=2 if guess else 0)
    run = f"{address}/runs/{run_it(page)}/"
    page.goto("about:blank")
    until_s = monotonic() + LONG_S
    while 'data-status="finished"' not in page.request.get(run).text():
        assert monotonic() < until_s, run
        page.wait_for_timeout(500)
    return run


def _failed(page: Page, address: str) -> str:
    opened(page, address)
    fire(page, 10)
    wait_for(page, "failed", timeout_s=LONG_S)
    return page.url


def _xray(page: Page, run: str) -> str:
    page.goto(run)
    page.get_by_role("link", name="X-ray").last.click()
    page.get_by_role("button", name="X-ray one request").click()
    page.locator("svg.xray-picture").wait_for(timeout=LONG_S * 1000)
    return page.url


def _experiment(page: Page, address: str, kind: str) -> str:
    page.goto(f"{address}/explore/")
    if kind == "matrix":
        for box in page.locator("[name=servers]").all():
            box.set_checked(box.get_attribute("value") in SERVERS)
        page.locator("#matrix-requests").fill("32")
        page.locator("#matrix-rounds").fill("2")
    page.get_by_role("button", name=f"Run the {kind}").click()
    expect(page.locator("#experiment")).to_have_attribute(
        "data-status", "finished", timeout=LONG_S * 1000
    )
    return page.url


def _broken_lab(directory: Path) -> Path:
    """Return a lab.toml of liveapp with a missing settings module."""
    text = (ROOT / "liveapp/lab.toml").read_text()
    text = text.replace('directory = ".."', f'directory = "{ROOT}"')
    text = text.replace('"liveapp.settings"', '"liveapp.lost_settings"')
    setup = next(line for line in text.splitlines() if line.startswith("setup"))
    lab = directory / "lab.toml"
    lab.write_text(text.replace(setup, ""))
    return lab
