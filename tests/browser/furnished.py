"""Dashboards with runs of every kind, in which the states of the page are looked at."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from time import monotonic

from playwright.sync_api import Browser, Page, expect

from .bench import choose_lanes, fill, fire, run_it
from .bench import wait_for_status as wait_for
from .conftest import ROOT, serving

HEIGHT = 1000
LONG_S = 240
SERVERS = ("gunicorn-gthread", "daphne", "uvicorn")
SIX = tuple(f"{variant}@{server}" for server in SERVERS for variant in ("sync", "async"))

Report = Callable[[str], None]


@contextmanager
def furnished(browser: Browser, report: Report) -> Iterator[Bench]:
    """Yield a bench; at the end its dashboards are ended."""
    with ExitStack() as stack:
        yield Bench(browser, stack, report)


class Bench:
    """Addresses shared by all looks. What is behind one is made when it is first read."""

    def __init__(self, browser: Browser, stack: ExitStack, report: Report) -> None:
        self._browser = browser
        self._stack = stack
        self._report = report

    @cached_property
    def address(self) -> str:
        """A dashboard with the runs."""
        return self._stack.enter_context(serving(self._home()))

    @cached_property
    def fresh(self) -> str:
        """A dashboard on which nothing was fired."""
        return self._stack.enter_context(serving(self._home()))

    @cached_property
    def finished(self) -> str:
        """A finished run."""
        with self._making("a finished run") as page:
            return _burst(page, self.address, requests=100, rounds=5)

    @cached_property
    def prediction(self) -> str:
        """A finished run with a prediction."""
        with self._making("a run with a prediction") as page:
            return _burst(
                page, self.address, "async@daphne", requests=100, rounds=5, parameter_delay=0.2
            )

    @cached_property
    def advised(self) -> str:
        """A finished run of which one piece of advice was tested."""
        with self._making("a test of advice") as page:
            run = _burst(page, self.address, requests=100, rounds=5, parameter_delay=0.15)
            page.goto(run)
            page.locator("#try .advice-card form button").first.click()
            page.wait_for_url(lambda url: "/runs/" in url and url != run)
            wait_for(page, "finished", timeout_s=LONG_S)
            return run

    @cached_property
    def errors(self) -> str:
        """A finished run whose requests timed out."""
        with self._making("a run with errors") as page:
            return _burst(page, self.address, requests=60, rounds=2, parameter_delay=1, timeout=2)

    @cached_property
    def six(self) -> str:
        """A finished run of six lanes."""
        with self._making("a run of six lanes") as page:
            return _burst(page, self.address, lanes=SIX, requests=60, rounds=5)

    @cached_property
    def overload(self) -> str:
        """A finished run at a rate that one of two lanes cannot keep up with."""
        with self._making("an overload") as page:
            lanes = ("sync@gunicorn-gthread", "async@daphne")
            return _burst(page, self.address, lanes=lanes, rate=120, duration=4, rounds=2)

    @cached_property
    def disturbed(self) -> str:
        """A finished run during which other processes used every core."""
        with self._making("a disturbed run") as page, busy_cores():
            return _burst(page, self.address, requests=100, rounds=3)

    @cached_property
    def failed(self) -> str:
        """A run whose project does not start."""
        with self._making("a failed run") as page:
            home = self._home()
            lab = _broken_lab(home)
            address = self._stack.enter_context(serving(home, "--project", str(lab)))
            return _failed(page, address)

    @cached_property
    def xray(self) -> str:
        """An X-ray of the finished run."""
        run = self.finished
        with self._making("an X-ray") as page:
            return _xray(page, run)

    @cached_property
    def xray_pair(self) -> str:
        """Two X-rays: of a request below eight middlewares, and of the same without one of them."""
        address = self.address
        with self._making("two X-rays") as page:
            return _xray_pair(page, address)

    @cached_property
    def matrix(self) -> str:
        """A finished matrix."""
        with self._making("a matrix") as page:
            return _experiment(page, self.address, "matrix")

    @cached_property
    def sweep(self) -> str:
        """A finished sweep."""
        with self._making("a sweep") as page:
            return _experiment(page, self.address, "sweep")

    def _home(self) -> Path:
        return Path(self._stack.enter_context(tempfile.TemporaryDirectory()))

    @contextmanager
    def _making(self, what: str) -> Iterator[Page]:
        begin_s = monotonic()
        page = self._browser.new_page(viewport={"width": 1440, "height": HEIGHT})
        yield page
        page.close()
        self._report(f"  made {what} in {monotonic() - begin_s:.0f} s")


def opened(page: Page, address: str) -> None:
    """Open the bench and wait for its connection."""
    page.goto(address)
    page.wait_for_selector("#connection[data-state=live]")


@contextmanager
def busy_cores() -> Iterator[None]:
    """Use every core four times over; at the end the processes are ended."""
    command = [sys.executable, "-c", "while True: pass"]
    processes = [subprocess.Popen(command) for _ in range(4 * (os.cpu_count() or 1))]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _burst(
    page: Page, address: str, guess: str = "", lanes: Sequence[str] = (), **fields: object
) -> str:
    """Start a run and leave the page, so that the engine has the machine."""
    opened(page, address)
    if lanes:
        choose_lanes(page, *lanes)
    if "rate" in fields:
        page.get_by_role("radio", name="Rate").check()
    fill(page, **fields)
    page.locator("[name=guess]").select_option(guess)
    page.locator("[name=guess_times]").select_option(index=2 if guess else 0)
    run = f"{address}/runs/{run_it(page)}/"
    page.goto(f"{address}/explore/")
    expect(page.locator("#queue [data-run]")).to_have_count(0, timeout=LONG_S * 1000)
    assert 'data-status="finished"' in page.request.get(run).text(), run
    return run


def _failed(page: Page, address: str) -> str:
    opened(page, address)
    fire(page, 10)
    wait_for(page, "failed", timeout_s=LONG_S)
    return page.url


def _xray(page: Page, run: str) -> str:
    page.goto(run)
    page.get_by_role("button", name="X-ray", exact=True).last.click()
    page.locator("svg.xray-picture").wait_for(timeout=LONG_S * 1000)
    return page.url


def _xray_pair(page: Page, address: str) -> str:
    page.goto(f"{address}/xray/?scenario=middleware&lane=async-plus-one-first@uvicorn")
    page.get_by_role("button", name="X-ray one request").click()
    button = page.get_by_role("button", name="Try without SecurityMiddleware")
    button.click(timeout=LONG_S * 1000)
    page.get_by_role("heading", name="The difference").wait_for(timeout=LONG_S * 1000)
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
