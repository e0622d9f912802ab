"""One dashboard and one Chromium for all tests of this package; a fresh page for each."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from tests.management.command import environment
from tests.management.forked.fork import Fork
from tests.sampled import sample_in

from .bench import finish_everything, fire, wait_until_still
from .chromium import IN_TESTS, launched, program

ROOT = Path(__file__).parents[2]
PATIENCE_MS = 15_000
RUN_MS = 90_000

OpenPage = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this package with `browser`."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="package")
def chromium() -> str:
    """The browser's program; tests are skipped without one, but fail in CI."""
    if path := program(IN_TESTS):
        return path
    reason = f"no browser: none of {', '.join(IN_TESTS)} is on the path"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    """Chromium, without a window."""
    with launched(IN_TESTS) as started:
        yield started


@pytest.fixture(scope="package")
def dashboard_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state directory of the dashboard."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="package")
def dashboard(chromium: str, dashboard_home: Path) -> Iterator[str]:
    """The address of a dashboard with its own state directory."""
    with serving(dashboard_home) as address:
        yield address


class serving:  # noqa: N801 - reads as a sentence: with serving(home) as address
    """Run a dashboard on a free port; it is ended by its process id."""

    def __init__(self, home: Path, *arguments: str) -> None:
        self._log = (home / "output.log").open("w")
        self._process = Fork(
            ["lab", "--no-browser", "--port", "0", *arguments],
            environment(home, f"browser-{home.name}"),
            stderr=self._log,
        )

    def __enter__(self) -> str:
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert "http://" in line, Path(self._log.name).read_text()
        return line.split()[-1]

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout
        self._process.stdout.close()
        self._log.close()


@pytest.fixture(scope="package")
def window(browser: Browser) -> Iterator[BrowserContext]:
    """A browser context for all tests, with a page that keeps its window open.

    A window of its own costs Chromium 1.2 s of CPU time, a page in one a quarter of that.
    """
    made = browser.new_context(viewport={"width": 1440, "height": 1000})
    made.set_default_timeout(PATIENCE_MS)
    made.new_page()
    yield made
    made.close()


@pytest.fixture
def context(window: BrowserContext, dashboard: str) -> Iterator[BrowserContext]:
    """The browser context, in which a test leaves nothing: no page, permission, or stored data."""
    yield window
    for page in window.pages[1:]:
        if page.url.startswith(dashboard):
            page.evaluate("localStorage.clear()")
        page.close()
    window.clear_permissions()
    window.clear_cookies()


@pytest.fixture
def complaints() -> list[str]:
    """Errors of the pages' consoles: failed scripts and violations of the CSP."""
    return []


@pytest.fixture
def open_page(context: BrowserContext, dashboard: str, complaints: list[str]) -> OpenPage:
    """Opens a page of the dashboard: `open_page("/runs/")`."""

    def open_(path: str = "/", *, live: bool = True) -> Page:
        page = context.new_page()
        listen(page, complaints)
        page.goto(dashboard + path)
        if live:
            page.wait_for_selector("#connection[data-state=live]")
        return page

    return open_


def listen(page: Page, complaints: list[str]) -> None:
    """Record every console error of this page, except for 422 responses."""

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error" and "status of 422" not in message.text:
            complaints.append(message.text)

    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", hear)


@pytest.fixture
def page(open_page: OpenPage, complaints: list[str]) -> Iterator[Page]:
    """The empty bench; at the end runs are stopped, and there were no console errors."""
    opened = open_page()
    yield opened
    finish_everything(opened)
    assert not complaints


@pytest.fixture(scope="package")
def finished_run(browser: Browser, dashboard: str) -> str:
    """The id of a finished run of 100 requests per lane and round.

    Fired once for all tests that only look at a finished run. Meanwhile no page draws it, so that
    the load generator has the machine.
    """
    page = browser.new_page()
    page.goto(dashboard)
    page.wait_for_selector("#connection[data-state=live]")
    run = fire(page, 100)
    page.goto(f"{dashboard}/explore/")
    expect(page.locator("#queue [data-run]")).to_have_count(0, timeout=RUN_MS)
    page.close()
    return run


@pytest.fixture(scope="package")
def sampled_run(finished_run: str, dashboard_home: Path) -> str:
    """The id of the finished run, with a sampled firing of each lane stored by hand."""
    sample_in(dashboard_home, finished_run)
    return finished_run


@pytest.fixture
def finished(open_page: OpenPage, finished_run: str, complaints: list[str]) -> Iterator[Page]:
    """The finished run at its address; at the end there were no console errors."""
    page = open_page(f"/runs/{finished_run}/")
    wait_until_still(page)
    yield page
    assert not complaints
