"""Dashboards with runs of every kind, in which the states of the page are looked at."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import cached_property
from pathlib import Path
from time import monotonic

from playwright.sync_api import Browser, Page, expect

from dashboard.wire.report.target_facts import ConnectionFacts, PoolFacts
from tests.management.proxied import OPERATOR, PASSWORD, behind_nginx
from tests.prepared_home import DATABASE
from tests.sampled import sample_in

from .bench import choose_lanes, fill, fire, run_it
from .bench import wait_for_status as wait_for
from .conftest import ROOT, serving
from .disturb import disturb
from .mixes import MIX, lab_with_mix

HEIGHT = 1000
LONG_S = 240
SERVERS = ("gunicorn-gthread", "daphne", "uvicorn")
TRIED_TWICE = "query-does-not-block"  # not decided by a ratio, whose interval is the worst case
SURVEYED = ("sleep", "external-api", "orm-get", "cpu", "middleware")
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
    def home(self) -> Path:
        """The home of the dashboard with the runs."""
        return self._directory()

    @cached_property
    def address(self) -> str:
        """A dashboard with the runs."""
        return self._stack.enter_context(serving(self.home))

    @cached_property
    def fresh(self) -> str:
        """A dashboard on which nothing was fired."""
        return self._stack.enter_context(serving(self._directory()))

    @cached_property
    def exposed(self) -> str:
        """A dashboard behind nginx, with an operator, a viewer, and a run of the operator."""
        directory, home = self._directory(), self._directory()
        mark = f"liveburst-states-{os.getpid()}"
        address = self._stack.enter_context(behind_nginx(directory, home, mark))
        with self._making("an exposed dashboard", ignore_https_errors=True) as page:
            log_in(page, address, OPERATOR)
            fire(page, 10)
            wait_for(page, "finished", timeout_s=LONG_S)
        return address

    @cached_property
    def finished(self) -> str:
        """A finished run."""
        with self._making("a finished run") as page:
            return _burst(page, self.address, requests=100, rounds=5)

    @cached_property
    def slow(self) -> str:
        """A finished run of one round that takes eight seconds, for what ends by itself."""
        with self._making("a slow run") as page:
            return _burst(page, self.address, requests=16, rounds=1, parameter_delay=4)

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
        """A finished run in which the load generator was late."""
        with self._making("a disturbed run") as page:
            run = _burst(page, self.address, requests=100, rounds=5)
        disturb(self.home, run_id(run))
        return run

    @cached_property
    def disturbed_claim(self) -> str:
        """A claim with a verdict, of which a later run was disturbed."""
        address = f"{self.address}/claims/#claim-{TRIED_TWICE}"
        with self._making("a disturbed claim") as page:
            _try_claim(page, address)
            disturb(self.home, _try_claim(page, address))
        return address

    @cached_property
    def connected(self) -> str:
        """A finished run whose lanes used PostgreSQL, one of them with a pool."""
        with self._making("a run with database connections") as page:
            run = _burst(page, self.address, requests=100, rounds=5, parameter_delay=0.12)
        pool: PoolFacts = {
            "limit": 20,
            "size": 20,
            "waiting": 80,
            "opened": 20,
            "queued": 480,
            "wait_ms": 96_000,
        }
        for lane, (open_max, pool_of_lane) in enumerate(((8, None), (20, pool), (100, None))):
            _connect(self.home, run_id(run), lane, open_max, pool_of_lane)
        return run

    @cached_property
    def sampled(self) -> str:
        """A finished run whose lanes were sampled."""
        with self._making("a sampled run") as page:
            run = _burst(page, self.address, requests=100, rounds=2)
            sample_in(self.home, run_id(run))
            return run

    @cached_property
    def failed(self) -> str:
        """A run whose project does not start."""
        with self._making("a failed run") as page:
            home = self._directory()
            lab = _broken_lab(home)
            address = self._stack.enter_context(serving(home, "--project", str(lab)))
            return _failed(page, address)

    @cached_property
    def mixing(self) -> str:
        """A dashboard of a project with a mix."""
        home = self._directory()
        return self._stack.enter_context(serving(home, "--project", str(lab_with_mix(home))))

    @cached_property
    def mix(self) -> str:
        """A finished mix, with each of its views left out."""
        with self._making("a mix") as page:
            page.goto(f"{self.mixing}/explore/?scenario={MIX}")
            page.locator("[name=leave_out]").check()
            page.get_by_role("button", name="Run the mix").click()
            page.wait_for_url(re.compile(r"/explore/\w{8}/$"))
            expect(page.locator("#experiment")).to_have_attribute(
                "data-status", "finished", timeout=2 * LONG_S * 1000
            )
            return page.url

    @cached_property
    def mixed(self) -> str:
        """A run of a mix."""
        answer = self.mix
        with self._making("a run of a mix") as page:
            page.goto(answer)
            run = page.locator(".mix-runs a", has_text="1: mix").first.get_attribute("href")
            return f"{self.mixing}{run}"

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

    @cached_property
    def capacity(self) -> str:
        """A finished capacity."""
        with self._making("a capacity") as page:
            start_capacity(page, self.address)
            return _ended(page, "finished")

    @cached_property
    def failed_capacity(self) -> str:
        """A capacity of a project that does not start."""
        address = self.failed.partition("/runs/")[0]
        with self._making("a failed capacity") as page:
            start_capacity(page, address)
            return _ended(page, "failed")

    @cached_property
    def survey(self) -> str:
        """A finished survey."""
        with self._making("a survey") as page:
            return _surveyed(page, self.address, "finished")

    @cached_property
    def failed_survey(self) -> str:
        """A survey of a project that does not start."""
        address = self.failed.partition("/runs/")[0]
        with self._making("a failed survey") as page:
            return _surveyed(page, address, "failed")

    def _directory(self) -> Path:
        return Path(self._stack.enter_context(tempfile.TemporaryDirectory()))

    @contextmanager
    def _making(self, what: str, *, ignore_https_errors: bool = False) -> Iterator[Page]:
        begin_s = monotonic()
        page = self._browser.new_page(
            viewport={"width": 1440, "height": HEIGHT}, ignore_https_errors=ignore_https_errors
        )
        yield page
        page.close()
        self._report(f"  made {what} in {monotonic() - begin_s:.0f} s")


def opened(page: Page, address: str) -> None:
    """Open the bench and wait for its connection."""
    page.goto(address)
    page.wait_for_selector("#connection[data-state=live]")


def log_in(page: Page, address: str, name: str) -> None:
    """Log in at an exposed dashboard, and wait for the bench's connection."""
    page.goto(address)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("#connection[data-state=live]")


def run_id(address: str) -> str:
    """Return the id of the run at an address."""
    return address.rstrip("/").rpartition("/")[2]


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


def _connect(home: Path, run: str, lane: int, open_max: int, pool: PoolFacts | None) -> None:
    """Store what a probe reports of a lane beside PostgreSQL, which needs no server here."""
    facts: ConnectionFacts = {
        "alias": "default",
        "requests": 600,
        "opened": 600,
        "open_max": open_max,
        "left_open": open_max,
        "leaked": 0,
        "collected": 0,
        "waiting_max": pool["waiting"] if pool else 0,
        "waited_ms": 0.0,
        "wait_ms_max": 0.0,
        "max_age_s": 0.0,
        "can_pool": True,
        "vendor": "postgresql",
        "pool": pool,
    }
    change = (
        "UPDATE dashboard_runlane SET facts = json_set(facts, '$.connections', json(?))"
        " WHERE run_id = ? AND position = ?"
    )
    with closing(sqlite3.connect(home / DATABASE, timeout=30)) as database, database:
        database.execute(change, (json.dumps([facts]), run, lane))


def _try_claim(page: Page, address: str) -> str:
    """Try the claim at this address, and return the id of its run."""
    page.goto(address)
    card = page.locator(f"#claim-{TRIED_TWICE}")
    link = card.locator(".claim-result a[href*='/runs/']").last
    before = link.get_attribute("href") if link.count() else None
    card.get_by_role("button", name=re.compile("^Try")).click()
    over = f"""before => {{
      const links = [...document.querySelectorAll('#result-{TRIED_TWICE} a[href*="/runs/"]')];
      return !document.querySelector('#claims-stop') && links.length &&
        links.every(link => link.getAttribute('href') !== before);
    }}"""
    page.wait_for_function(over, arg=before, timeout=LONG_S * 1000)
    return run_id(link.get_attribute("href") or "")


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
    return _ended(page, "finished")


def start_capacity(page: Page, address: str) -> None:
    """Start a search at the sync lane, with rates of a second."""
    page.goto(f"{address}/explore/")
    page.locator("#capacity-duration").fill("1")
    page.locator("#capacity-form [value^=async]").uncheck()
    page.get_by_role("button", name="Find the capacity").click()


def _ended(page: Page, status: str) -> str:
    """Wait until an experiment has this status, and return its address."""
    expect(page.locator("#experiment")).to_have_attribute(
        "data-status", status, timeout=LONG_S * 1000
    )
    return page.url


def start_survey(page: Page, address: str) -> None:
    """Start a survey of a few views, and wait for its page."""
    page.goto(f"{address}/survey/")
    again = page.get_by_text("New survey", exact=True)
    if again.count():
        again.click()
    for box in page.locator("[name=scenarios]").all():
        box.set_checked(box.get_attribute("value") in SURVEYED)
    page.get_by_role("button", name="Run the survey").click()
    page.wait_for_url(re.compile(r"/survey/\w{8}/$"))


def _surveyed(page: Page, address: str, status: str) -> str:
    """Survey a few views until it has this status, and return its address."""
    start_survey(page, address)
    expect(page.locator("#survey")).to_have_attribute(
        "data-status", status, timeout=2 * LONG_S * 1000
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
