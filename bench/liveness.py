"""`python -m bench.liveness`: how live the page is, in Chromium before a real dashboard.

First how long a press waits for its first counted bar, servers being warm: from the click to the
animation frame in which it is drawn. Then how old the drawing is during a run of 1,000, and
during a stream too dense to be sent whole (20,000 requests per second and more, at a null server):
the load generator's clock minus the instant up to which bars are drawn, looked at every 10 ms.
While the page is busy nothing can look, and what is drawn ages with the clock: that time counts
too. Takes about three minutes.
"""

from __future__ import annotations

import os
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from playwright.sync_api import Page

from dashboard.wire.percentile import nearest_rank
from dashboard.wire.plan.fields import MAX_REQUESTS
from tests.browser.bench import fill, fire, run_it, wait_for_status
from tests.browser.chromium import launched
from tests.browser.conftest import serving

from .comparison import CORES, null_server
from .memory import PROJECT

PRESSES = 15
PRESS_LIMIT_MS, LAG_LIMIT_MS = 400.0, 250.0
LONGEST_S = 300
DENSE_REQUESTS, DENSE_CONNECTIONS, DENSE_ROUNDS = MAX_REQUESTS, 256, 5
MISSED = 1

# Notes the click, and the animation frame in which a bar of a counted round is drawn.
PRESS = """() => {
  const seen = window.press = {pressed_ms: null, bar_ms: null};
  document.addEventListener('click', () => { seen.pressed_ms = performance.now(); }, true);
  const look = () => {
    const {run, waterfalls} = window.liveburst;
    if (run?.id && waterfalls.some(({round, begun}) => round >= 1 && begun))
      seen.bar_ms ??= performance.now();
    else requestAnimationFrame(look);
  };
  look();
}"""
# Notes the age of the drawing every 10 ms of a firing, also of time in which nothing could look.
LAG = """() => {
  const EVERY_MS = 10;
  const ages = window.ages = [];
  let last_ms = performance.now();
  let lastAge_ms = 0;
  setInterval(() => {
    const now_ms = performance.now();
    const age_ms = window.liveburst.lag_ms;
    if (age_ms && lastAge_ms)
      for (let at_ms = last_ms + EVERY_MS; at_ms < now_ms - EVERY_MS / 2; at_ms += EVERY_MS)
        ages.push(lastAge_ms + at_ms - last_ms);
    if (age_ms) ages.push(age_ms);
    [last_ms, lastAge_ms] = [now_ms, age_ms];
  }, EVERY_MS);
}"""


@dataclass(frozen=True)
class Figure:
    """A figure, of so many readings, and its limit."""

    name: str
    value_ms: float
    readings: int
    limit_ms: float

    def __str__(self) -> str:
        wanted = f"below {self.limit_ms:.0f} ms wanted"
        return f"{self.name}: {self.value_ms:.0f} ms (n = {self.readings}), {wanted}"

    @property
    def missed(self) -> bool:
        """True if it exceeds the limit."""
        return self.value_ms >= self.limit_ms


def main() -> int:
    """Measure, print a line per figure, and return 1 if one exceeds its limit."""
    parser = ArgumentParser(prog="python -m bench.liveness", description=__doc__)
    parser.add_argument("--presses", type=int, default=PRESSES)
    presses = parser.parse_args().presses
    if not 1 <= presses <= 100:
        parser.error(f"--presses: expected 1 to 100, found {presses}")
    figures = []
    for figure in _figures(presses):
        print(figure, flush=True)
        figures.append(figure)
    return MISSED if any(figure.missed for figure in figures) else 0


def _figures(presses: int) -> Iterator[Figure]:
    with _bench() as page:
        yield _press(page, presses)
        yield _lag_of_a_thousand(page)
    with null_server() as server:
        # The null server keeps its core; dashboard and browser have all, as without it.
        os.sched_setaffinity(0, CORES)
        project = PROJECT.format(url=server.url.rstrip("/"))
        with _bench(project) as page:
            yield _lag_of_a_dense_stream(page)


@contextmanager
def _bench(project: str = "") -> Iterator[Page]:
    """A page of a dashboard of its own, for the built-in project or that of a lab.toml."""
    with tempfile.TemporaryDirectory() as home, launched() as browser:
        arguments = []
        if project:
            manifest = Path(home) / "lab.toml"
            manifest.write_text(project)
            arguments = ["--project", str(manifest)]
        with serving(Path(home), *arguments) as address:
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(address)
            page.wait_for_selector("#connection[data-state=live]")
            yield page


def _press(page: Page, presses: int) -> Figure:
    fire(page, 10)  # makes the targets warm
    wait_for_status(page, "finished", timeout_s=LONGEST_S)
    waits_ms = [_wait_of_press_ms(page) for _ in range(presses)]
    longest = f"longest {max(waits_ms):.0f} ms"
    name = f"warm press to the first counted bar, median ({longest})"
    return Figure(name, median(waits_ms), presses, PRESS_LIMIT_MS)


def _wait_of_press_ms(page: Page) -> float:
    page.goto(page.url.split("/runs/")[0])
    page.wait_for_selector("#connection[data-state=live]")
    page.evaluate(PRESS)
    fire(page, 100)
    page.wait_for_function("() => window.press.bar_ms !== null")
    wait_ms: float = page.evaluate("window.press.bar_ms - window.press.pressed_ms")
    page.locator("#stop-button").click()
    wait_for_status(page, "stopped", "finished")
    return wait_ms


def _lag_of_a_thousand(page: Page) -> Figure:
    page.goto(page.url.split("/runs/")[0])
    page.wait_for_selector("#connection[data-state=live]")
    page.evaluate(LAG)
    fire(page, 1000)
    return _lag(page, "age of the drawing in a run of 1,000")


def _lag_of_a_dense_stream(page: Page) -> Figure:
    fill(
        page,
        requests=DENSE_REQUESTS,
        concurrency=DENSE_CONNECTIONS,
        rounds=DENSE_ROUNDS,
    )
    page.evaluate(LAG)
    run_it(page)
    return _lag(page, "age of the drawing in a dense stream")


def _lag(page: Page, name: str) -> Figure:
    wait_for_status(page, "finished", timeout_s=LONGEST_S)
    ages_ms: list[float] = page.evaluate("window.ages")
    ascending = sorted(ages_ms)
    median_ms = nearest_rank(ascending, 50.0) or 0.0
    others = f"median {median_ms:.0f} ms, longest {max(ages_ms, default=0.0):.0f} ms"
    p95_ms = nearest_rank(ascending, 95.0) or 0.0
    return Figure(f"{name}, p95 ({others})", p95_ms, len(ages_ms), LAG_LIMIT_MS)


if __name__ == "__main__":
    sys.exit(main())
