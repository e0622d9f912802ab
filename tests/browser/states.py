"""Every state of the page, by width and scheme: `python -m tests.browser.states DIRECTORY`.

States that are named after the directory are looked at alone. Each is photographed, asked whether
anything is wider than the screen, and examined by axe-core. What docs/states.md lists as reviewed
is what this takes pictures of. Exit status 1 when something was found.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Error, Page

from .arranged import STATES, empty
from .bench import finish_everything
from .chromium import launched
from .conftest import PATIENCE_MS
from .furnished import HEIGHT, Bench, furnished
from .test_accessible import violations

WIDTHS = (1440, 1100, 390)
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
SLOWEST_CHART_MS = 600  # to be drawn, on a phone
WIDER = "document.documentElement.scrollWidth - innerWidth"
QUIET = "() => !document.querySelector('.htmx-request')"


@dataclass(frozen=True)
class Look:
    """How a page is looked at."""

    width: int
    scheme: Scheme
    forced: bool = False  # the system's own colours, and no others
    still: bool = False  # reduced motion

    def __str__(self) -> str:
        special = "-forced" * self.forced + "-still" * self.still
        return f"{self.width}-{self.scheme}{special}"

    @property
    def options(self) -> dict[str, Any]:
        """Options of a context; without the CSP, because axe is injected into the page."""
        return {
            "viewport": {"width": self.width, "height": HEIGHT},
            "color_scheme": self.scheme,
            "forced_colors": "active" if self.forced else "none",
            "reduced_motion": "reduce" if self.still else "no-preference",
            "bypass_csp": True,
        }


LOOKS = [Look(width, scheme) for width, scheme in product(WIDTHS, SCHEMES)]
SPECIAL = [Look(1440, "dark", forced=True), Look(1440, "light", still=True)]
SPECIALLY_LOOKED_AT = ("running", "finished", "why", "claims-done", "matrix", "runs")


def main() -> int:
    """Look at all states, or at those named after the directory."""
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    directory, *wanted = sys.argv[1:]
    Path(directory).mkdir(parents=True, exist_ok=True)
    complaints = []
    with launched() as browser, furnished(browser) as bench:
        for name in wanted or STATES:
            looks = LOOKS + SPECIAL * (name in SPECIALLY_LOOKED_AT)
            for look in looks:
                complaints += _look_at(name, look, browser, bench, Path(directory))
            print(name, flush=True)
    print("\n".join(complaints) or "nothing was found")
    return 1 if complaints else 0


def _look_at(name: str, look: Look, browser: Browser, bench: Bench, directory: Path) -> list[str]:
    """Photograph one state at one look; return what is wrong."""
    context = browser.new_context(**look.options)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    called = f"{name}-{look}"
    try:
        STATES[name](page, bench)
        _photograph(page, directory / f"{called}.png")
        beyond = page.evaluate(WIDER)
        complaints = [f"{called}: {beyond} px wider than the screen"] if beyond > 0 else []
        complaints += [f"{called}: {violation}" for violation in violations(page)]
    except Exception as error:
        page.screenshot(path=directory / f"{called}-not-reached.png")
        complaints = [f"{called}: not reached: {error}"]
    try:
        _leave(context.new_page(), bench)
    finally:
        context.close()
    return complaints


def _photograph(page: Page, path: Path) -> None:
    """Scroll through the page first, because charts are drawn once they are in sight."""
    page.wait_for_function(QUIET)
    height = page.evaluate("document.documentElement.scrollHeight")
    for top in (*range(HEIGHT, height, HEIGHT), 0):
        page.evaluate("top => scrollTo(0, top)", top)
        page.wait_for_timeout(SLOWEST_CHART_MS)
    page.screenshot(path=path, full_page=True)


def _leave(page: Page, bench: Bench) -> None:
    """Stop everything before the next state."""
    empty(page, bench)
    with suppress(Error):  # a run that is still ending its servers: it is asked once more
        finish_everything(page)
    finish_everything(page)


if __name__ == "__main__":
    sys.exit(main())
