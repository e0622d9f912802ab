"""Every state of the page, by width and scheme: `python -m tests.browser.states DIRECTORY`.

Each is reached as a person reaches it, photographed into the directory, asked whether anything
is wider than the screen, and examined by axe-core. What docs/states.md says was looked at is what
this takes pictures of. Exit status 1 when something was found.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Page, WebSocketRoute, expect, sync_playwright

from .bench import choose_lanes, fill, finish_everything, fire, run_it, wait_for_bars
from .bench import wait_for_status as wait_for
from .conftest import CHROMIUMS, FLAGS, ROOT, serving
from .test_accessible import found

WIDTHS = (1440, 1100, 390)
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
HEIGHT = 1000
WIDER = "document.documentElement.scrollWidth - innerWidth"


@dataclass(frozen=True)
class Bench:
    """Addresses of what all looks share: it is fired once."""

    address: str
    broken: str  # a dashboard whose project does not start
    finished: str
    other: str
    errors: str  # a finished run whose requests timed out
    failed: str
    xray: str
    matrix: str
    sweep: str


@dataclass(frozen=True)
class Look:
    """What a page is looked at with."""

    width: int
    scheme: Scheme

    def __str__(self) -> str:
        return f"{self.width}-{self.scheme}"


LOOKS = [Look(width, scheme) for width, scheme in product(WIDTHS, SCHEMES)]

State = Callable[[Page, Bench], None]
STATES: dict[str, State] = {}


def state(arrange: State) -> State:
    """One of the states, called as its function."""
    STATES[arrange.__name__.replace("_", "-")] = arrange
    return arrange


@state
def empty(page: Page, bench: Bench) -> None:
    page.goto(bench.address)
    page.wait_for_selector("#connection[data-state=live]")


@state
def more(page: Page, bench: Bench) -> None:
    empty(page, bench)
    choose_lanes(page, "sync@gunicorn-gthread", "async@daphne")


@state
def form_error(page: Page, bench: Bench) -> None:
    empty(page, bench)
    fill(page, rounds=0)
    page.locator("#run-button").click()
    expect(page.locator("#error-rounds")).to_be_visible()


@state
def help_(page: Page, bench: Bench) -> None:
    empty(page, bench)
    page.keyboard.press("?")
    expect(page.locator("dialog#help")).to_be_visible()


@state
def starting(page: Page, bench: Bench) -> None:
    """A server that was not asked for before."""
    empty(page, bench)
    choose_lanes(page, "sync@waitress", "async@hypercorn", "async@granian-asgi")
    run_it(page)
    page.wait_for_function("() => ['waiting', 'starting'].includes(window.liveburst.status)")


@state
def running(page: Page, bench: Bench) -> None:
    empty(page, bench)
    page.get_by_role("button", name="Delay 3 s").click()
    fill(page, requests=40, rounds=2)
    run_it(page)
    page.wait_for_function("() => window.liveburst.waterfalls.some(one => one.now_ms > 1500)")


@state
def waiting_in_line(page: Page, bench: Bench) -> None:
    running(page, bench)
    page.goto(bench.address)
    page.wait_for_selector("#connection[data-state=live]")
    fire(page, 10)
    wait_for(page, "waiting")


@state
def connection_lost(page: Page, bench: Bench) -> None:
    routes: list[WebSocketRoute] = []

    def connect(route: WebSocketRoute) -> None:
        if routes:
            route.close()
            return
        routes.append(route)
        route.connect_to_server()

    page.route_web_socket("**/ws/", connect)
    running(page, bench)
    routes[0].close()
    expect(page.locator("body")).to_have_class("stale")


@state
def stopped(page: Page, bench: Bench) -> None:
    running(page, bench)
    page.locator("#stop-button").click()
    wait_for(page, "stopped")


@state
def finished(page: Page, bench: Bench) -> None:
    page.goto(bench.finished)
    wait_for(page, "finished")
    wait_for_bars(page, 100)


@state
def finished_with_errors(page: Page, bench: Bench) -> None:
    page.goto(bench.errors)
    wait_for(page, "finished")


@state
def failed(page: Page, bench: Bench) -> None:
    page.goto(bench.failed)
    wait_for(page, "failed")


@state
def selection(page: Page, bench: Bench) -> None:
    finished(page, bench)
    box = page.locator("#waterfalls [data-surface]").first.bounding_box()
    assert box
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 60, steps=4)
    page.mouse.up()
    expect(page.locator("#selection-words")).to_be_visible()


@state
def zoomed(page: Page, bench: Bench) -> None:
    finished(page, bench)
    page.locator("#zoom").click()


def _tab(page: Page, bench: Bench, name: str) -> None:
    finished(page, bench)
    page.get_by_role("radio", name=name, exact=True).check()
    page.wait_for_load_state("networkidle")


@state
def distribution(page: Page, bench: Bench) -> None:
    _tab(page, bench, "Distribution")


@state
def over_time(page: Page, bench: Bench) -> None:
    _tab(page, bench, "Over time")


@state
def why(page: Page, bench: Bench) -> None:
    _tab(page, bench, "Why")


@state
def code(page: Page, bench: Bench) -> None:
    _tab(page, bench, "Code")


@state
def table(page: Page, bench: Bench) -> None:
    _tab(page, bench, "Over time")
    page.get_by_label("Show as table: In flight").click()
    expect(page.locator("[data-chart=inFlight] tbody tr")).to_have_count(25)


@state
def compare(page: Page, bench: Bench) -> None:
    first, second = (address.rstrip("/").rpartition("/")[2] for address in _pair(bench))
    page.goto(f"{bench.address}/runs/compare/?a={first}&b={second}")


def _pair(bench: Bench) -> tuple[str, str]:
    return bench.finished, bench.other


@state
def xray(page: Page, bench: Bench) -> None:
    page.goto(bench.xray)


@state
def claims(page: Page, bench: Bench) -> None:
    page.goto(f"{bench.address}/claims/")


@state
def claims_running(page: Page, bench: Bench) -> None:
    claims(page, bench)
    page.get_by_role("button", name="Try all").click()
    expect(page.locator("#claims-stop")).to_be_visible()


@state
def explore(page: Page, bench: Bench) -> None:
    page.goto(f"{bench.address}/explore/")


@state
def matrix(page: Page, bench: Bench) -> None:
    page.goto(bench.matrix)


@state
def sweep(page: Page, bench: Bench) -> None:
    page.goto(bench.sweep)


@state
def runs(page: Page, bench: Bench) -> None:
    page.goto(f"{bench.address}/runs/")


@state
def runs_none_found(page: Page, bench: Bench) -> None:
    page.goto(f"{bench.address}/runs/?q=nothing-is-called-so")


@state
def nowhere(page: Page, bench: Bench) -> None:
    page.goto(f"{bench.address}/nowhere/")


def main() -> int:
    """All of them, at every look; what is named after the directory, alone."""
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    directory, *wanted = sys.argv[1:]
    Path(directory).mkdir(parents=True, exist_ok=True)
    complaints = []
    with ExitStack() as stack:
        browser = stack.enter_context(_chromium())
        bench = stack.enter_context(_furnished(browser))
        for name in wanted or STATES:
            for look in LOOKS:
                complaints += _look_at(name, look, browser, bench, Path(directory))
            print(name, flush=True)
    print("\n".join(complaints) or "nothing was found")
    return 1 if complaints else 0


@contextmanager
def _chromium() -> Iterator[Browser]:
    chromium = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield launched
        launched.close()


def _look_at(name: str, look: Look, browser: Browser, bench: Bench, directory: Path) -> list[str]:
    """One state at one look: its picture, and what was found."""
    # axe is put into the page from outside, which its policy would refuse.
    context = browser.new_context(
        viewport={"width": look.width, "height": HEIGHT}, color_scheme=look.scheme, bypass_csp=True
    )
    page = context.new_page()
    called = f"{name}-{look}"
    try:
        STATES[name](page, bench)
        page.wait_for_timeout(400)  # until the slowest chart has been drawn
        page.screenshot(path=directory / f"{called}.png", full_page=True)
        beyond = page.evaluate(WIDER)
        complaints = [f"{called}: {beyond} px wider than the screen"] if beyond > 0 else []
        complaints += [f"{called}: {one}" for one in found(page)]
        _leave(page, bench)
    except Exception as error:
        page.screenshot(path=directory / f"{called}-not-reached.png", full_page=True)
        complaints = [f"{called}: not reached: {error}"]
    finally:
        context.close()
    return complaints


def _leave(page: Page, bench: Bench) -> None:
    """Nothing runs any more when the next state begins."""
    page.unroute_all()
    page.goto(bench.address)
    finish_everything(page)


@contextmanager
def _furnished(browser: Browser) -> Iterator[Bench]:
    """Two dashboards, and in them what the states show."""
    with ExitStack() as stack:
        first, second = (Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in "12")
        address = stack.enter_context(serving(first))
        lab = _broken_lab(second)
        broken = stack.enter_context(serving(second, "--project", str(lab)))
        page = browser.new_page(viewport={"width": 1440, "height": HEIGHT})
        yield Bench(address, broken, **_addresses(page, address, broken))


def _broken_lab(directory: Path) -> Path:
    """liveapp, but for its settings, which are not there."""
    text = (ROOT / "liveapp/lab.toml").read_text()
    text = text.replace('directory = ".."', f'directory = "{ROOT}"')
    text = text.replace('"liveapp.settings"', '"liveapp.lost_settings"')
    setup = next(line for line in text.splitlines() if line.startswith("setup"))
    lab = directory / "lab.toml"
    lab.write_text(text.replace(setup, ""))
    return lab


def _addresses(page: Page, address: str, broken: str) -> dict[str, Any]:
    def burst(**fields: object) -> str:
        page.goto(address)
        page.wait_for_selector("#connection[data-state=live]")
        fill(page, **fields)
        run_it(page)
        wait_for(page, "finished", timeout_s=120)
        return page.url

    found = {
        "finished": burst(requests=100, rounds=3),
        "other": burst(requests=100, rounds=3, parameter_delay=0.2),
        "errors": burst(requests=60, rounds=2, parameter_delay=1, timeout=2),
    }
    page.goto(found["finished"])
    page.get_by_role("link", name="X-ray").last.click()
    page.get_by_role("button", name="X-ray one request").click(timeout=60_000)
    page.locator("svg.xray-picture").wait_for(timeout=60_000)
    return found | {
        "xray": page.url,
        "matrix": _experiment(page, address, "matrix"),
        "sweep": _experiment(page, address, "sweep"),
        "failed": _failed(page, broken),
    }


def _experiment(page: Page, address: str, kind: str) -> str:
    page.goto(f"{address}/explore/")
    if kind == "matrix":
        for box in page.locator("[name=servers]").all():
            box.set_checked(box.get_attribute("value") in ("gunicorn-gthread", "daphne", "uvicorn"))
        page.locator("#matrix-requests").fill("32")
        page.locator("#matrix-rounds").fill("2")
    page.get_by_role("button", name=f"Fire the {kind}").click()
    expect(page.locator("#experiment")).to_have_attribute(
        "data-status", "finished", timeout=240_000
    )
    return page.url


def _failed(page: Page, address: str) -> str:
    page.goto(address)
    page.wait_for_selector("#connection[data-state=live]")
    fire(page, 10)
    wait_for(page, "failed", timeout_s=60)
    return page.url


if __name__ == "__main__":
    sys.exit(main())
