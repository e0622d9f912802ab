"""`python -m bench.first_screen`: what is in the first screen, and what moves while a run lasts.

A real dashboard in Chromium, at three sizes of screen; the three default lanes with the servers
warm, then six lanes. For each lane it prints where its chart begins and ends, and whether it is
inside the screen; for each run, by how much of the screen anything moved from the press to the
end. Status 1 if a chart is outside or more than 0.02 moved.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.bench import choose_lanes, fill, fire, run_it, wait_for_bars, wait_for_status
from tests.browser.chromium import launched
from tests.browser.conftest import serving
from tests.browser.first_screen import (
    MOST_SHIFT,
    SCREENS,
    first_screen,
    layout_shift,
    observe_shifts,
    shifts,
)

REQUESTS = 100
SIX = (
    *("sync@gunicorn-gthread", "sync@daphne", "sync@uvicorn"),
    *("async@daphne", "async@uvicorn", "async@gunicorn-gthread"),
)
LONGEST_S = 120
MISSED = 1


def main() -> int:
    """Fire at each size, print, and return 1 if something is outside or moves."""
    missed = False
    with (
        tempfile.TemporaryDirectory() as home,
        serving(Path(home)) as address,
        launched() as browser,
    ):
        for number, (width, height) in enumerate(((SCREENS[0]), *SCREENS)):
            page = browser.new_page(viewport={"width": width, "height": height})
            for name, press in (("three lanes", _three), ("six lanes", _six)):
                lines, fine = _measure(page, address, press)
                if number == 0:
                    continue  # the first one starts the servers
                missed = missed or not fine
                print(f"{width} × {height}, {name}:", *lines, sep="\n  ", flush=True)
            page.close()
    return MISSED if missed else 0


def _three(page: Page) -> None:
    fire(page, REQUESTS)


def _six(page: Page) -> None:
    choose_lanes(page, *SIX)
    fill(page, requests=REQUESTS, rounds=3)
    observe_shifts(page)  # from the press on: not the form, which is filled before
    run_it(page)


def _measure(page: Page, address: str, press: Callable[[Page], None]) -> tuple[list[str], bool]:
    """Return the lines of one run, and whether everything is inside and nothing moved."""
    page.goto(address)
    page.wait_for_selector("#connection[data-state=live]")
    observe_shifts(page)
    press(page)
    wait_for_status(page, "finished", timeout_s=LONGEST_S)
    wait_for_bars(page, REQUESTS)
    expect(page.locator("#stage .replay")).to_be_attached()
    moved, screen = shifts(page), first_screen(page)
    total = layout_shift(moved)
    lines = [
        f"{lane.name}: {lane.top:.0f} to {lane.bottom:.0f} px, bars {lane.bars:.0f} px"
        for lane in screen.lanes
    ]
    outside = ", ".join(screen.outside) or "nothing"
    what = ", ".join(shift.what for shift in moved) or "nothing"
    lines.append(f"outside of the first {screen.height:.0f} px: {outside}")
    lines.append(f"layout shift {total:.4f}, at most {MOST_SHIFT} wanted: {what}")
    return lines, total <= MOST_SHIFT and not screen.outside


if __name__ == "__main__":
    sys.exit(main())
