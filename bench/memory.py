"""`python -m bench.memory`: the memory that a million requests in one run take.

A null server is the running target; the run is fired from the page, ten rounds of
100,000 at 256 connections, with the page open in Chromium. The peaks are the kernel's (VmHWM);
the page's is what its JavaScript still uses after a garbage collection.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from playwright.sync_api import Page

from dashboard.wire.units import BYTES_PER_MB
from tests.browser.bench import fill, run_it, wait_for_status
from tests.browser.chromium import launched
from tests.browser.conftest import serving

from .comparison import null_server

REQUESTS, ROUNDS, CONNECTIONS = 100_000, 10, 256
LONGEST_S = 300
LIMITS_MB = {"engine": 120, "dashboard": 250, "page": 200}
MISSED = 1

PROJECT = """
[project]
name = "null"
directory = "."
url = "{url}"

[scenario.nothing]
title = "A server that answers at once"
lanes = ["any@running"]
load = {{ requests = 100, rounds = 1 }}

[scenario.nothing.variant.any]
family = "async"
path = "/"
"""


@dataclass(frozen=True)
class Peak:
    """The peak memory of a process or of the page."""

    name: str
    mb: float

    @property
    def missed(self) -> bool:
        """True if it exceeds the limit."""
        return self.mb > LIMITS_MB[self.name]


def main() -> int:
    """Fire, print a line for each peak, and return 1 if one exceeds its limit."""
    with tempfile.TemporaryDirectory() as home, null_server() as server:
        project = Path(home) / "lab.toml"
        project.write_text(PROJECT.format(url=server.url.rstrip("/")))
        with serving(Path(home), "--project", str(project)) as address, _page(address) as page:
            peaks = [_fire(page), *_processes(Path(home))]
    for peak in peaks:
        print(f"{peak.name}: {peak.mb:.0f} MB, at most {LIMITS_MB[peak.name]} MB wanted")
    return MISSED if any(peak.missed for peak in peaks) else 0


@contextmanager
def _page(address: str) -> Iterator[Page]:
    with launched() as browser:
        page = browser.new_page()
        page.goto(address)
        page.wait_for_selector("#connection[data-state=live]")
        yield page


def _fire(page: Page) -> Peak:
    """Fire the run, and return the page's memory at the end."""
    fill(page, requests=REQUESTS, concurrency=CONNECTIONS, rounds=ROUNDS)
    run_it(page)
    wait_for_status(page, "finished", timeout_s=LONGEST_S)
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    metrics = session.send("Performance.getMetrics")["metrics"]
    used = next(metric["value"] for metric in metrics if metric["name"] == "JSHeapUsedSize")
    return Peak("page", used / BYTES_PER_MB)


def _processes(home: Path) -> Iterator[Peak]:
    """Return the processes of the dashboard in `home`, found by their environment."""
    for process in psutil.process_iter():
        try:
            if process.environ().get("LIVEBURST_HOME") != str(home):
                continue
            words = process.cmdline()
        except psutil.Error:
            continue
        if "dashboard.engine" in words:
            yield Peak("engine", _peak_mb(process.pid))
        elif "manage.py" in words and "lab" in words:
            yield Peak("dashboard", _peak_mb(process.pid))


def _peak_mb(process: int) -> float:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    kib = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    return kib * 1024 / BYTES_PER_MB


if __name__ == "__main__":
    sys.exit(main())
