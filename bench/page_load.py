"""`python -m bench.page_load`: what a browser loads of the bench, and how long that takes.

A real dashboard and Chromium, with an empty cache for each visit. Network idle is Chromium's: half
a second without a request, which is part of the time. The websocket is no request.
"""

from __future__ import annotations

import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Request

from dashboard.wire.units import MS_PER_S
from tests.browser.chromium import launched
from tests.browser.conftest import serving

VISITS = 9
MOST_REQUESTS, IDLE_LIMIT_MS = 5, 700
QUIET_MS = 500  # of Chromium's definition of idle
BYTES_PER_KB = 1000
MISSED = 1
KINDS = {"script": "JS", "stylesheet": "CSS", "document": "HTML"}
# By the browser's clock, in milliseconds since it began to load the page.
STAGES = """() => {
  const [page] = performance.getEntriesByType('navigation');
  const files = performance.getEntriesByType('resource').map(({responseEnd}) => responseEnd);
  return {
    'first byte of the page': page.responseStart,
    'page complete': page.responseEnd,
    'last file complete': Math.max(page.responseEnd, ...files),
  };
}"""


@dataclass(frozen=True)
class File:
    """A response, as it was delivered and as the browser reads it."""

    kind: str
    path: str
    delivered_bytes: int
    size_bytes: int


@dataclass(frozen=True)
class Visit:
    """A load of the page."""

    idle_ms: float
    files: list[File]
    stages_ms: dict[str, float]


def main() -> int:
    """Visit, print, and return 1 if a limit is exceeded."""
    parser = ArgumentParser(prog="python -m bench.page_load", description=__doc__)
    parser.add_argument("--visits", type=int, default=VISITS)
    visits = parser.parse_args().visits
    with (
        tempfile.TemporaryDirectory() as home,
        serving(Path(home)) as address,
        launched() as browser,
    ):
        _visit_once(browser, address)  # of this dashboard the first page is the slowest
        first = [_visit_once(browser, address) for _ in range(visits)]
        again = _visits_with_cache(browser, address, visits)
    _print_files(first[-1].files)
    idle_ms = median(visit.idle_ms for visit in first)
    print(f"network idle: {_times_text(first)}, at most {IDLE_LIMIT_MS} ms wanted")
    print(f"  of it, by the browser's clock: {_stages_text(first)}")
    print(f"with a filled cache: {_times_text(again)}")
    print(f"  of it, by the browser's clock: {_stages_text(again)}")
    print(f"requests: {len(first[-1].files)}, at most {MOST_REQUESTS} wanted")
    return MISSED if idle_ms > IDLE_LIMIT_MS or len(first[-1].files) > MOST_REQUESTS else 0


def _visit_once(browser: Browser, address: str) -> Visit:
    """Load the page with an empty cache."""
    context = browser.new_context()
    visit = _visit(context, address)
    context.close()
    return visit


def _visits_with_cache(browser: Browser, address: str, visits: int) -> list[Visit]:
    context = browser.new_context()
    _visit(context, address)
    again = [_visit(context, address) for _ in range(visits)]
    context.close()
    return again


def _visit(context: BrowserContext, address: str) -> Visit:
    page = context.new_page()
    requests: list[Request] = []
    page.on("request", lambda request: requests.append(request))  # noqa: PLW0108 - takes functions
    began_s = time.perf_counter()
    page.goto(address, wait_until="networkidle")
    idle_ms = (time.perf_counter() - began_s) * MS_PER_S
    visit = Visit(idle_ms, [_file(request) for request in requests], page.evaluate(STAGES))
    page.close()
    return visit


def _file(request: Request) -> File:
    response = request.response()
    if response is None:
        raise RuntimeError(f"expected a response, found none: {request.url}")
    return File(
        KINDS.get(request.resource_type, "other"),
        urlsplit(request.url).path,
        request.sizes()["responseBodySize"],
        len(response.body()),
    )


def _print_files(files: Sequence[File]) -> None:
    for file in files:
        print(f"{file.kind:5} {_kb(file.delivered_bytes)} of {_kb(file.size_bytes)}  {file.path}")
    for kind in ("JS", "CSS"):
        delivered = sum(file.delivered_bytes for file in files if file.kind == kind)
        size = sum(file.size_bytes for file in files if file.kind == kind)
        print(f"{kind} delivered: {_kb(delivered).strip()} ({_kb(size).strip()} uncompressed)")
    print(f"everything: {_kb(sum(file.delivered_bytes for file in files)).strip()}")


def _kb(size_bytes: int) -> str:
    return f"{size_bytes / BYTES_PER_KB:5.1f} KB"


def _times_text(visits: Sequence[Visit]) -> str:
    times_ms = [visit.idle_ms for visit in visits]
    return (
        f"median {median(times_ms):.0f} ms, longest {max(times_ms):.0f} ms ({len(times_ms)} visits,"
        f" {QUIET_MS} ms of it without a request)"
    )


def _stages_text(visits: Sequence[Visit]) -> str:
    """Return when each stage was reached (medians), in their order."""
    names = visits[0].stages_ms
    return ", ".join(
        f"{name} after {median(visit.stages_ms[name] for visit in visits):.0f} ms" for name in names
    )


if __name__ == "__main__":
    sys.exit(main())
