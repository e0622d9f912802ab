"""Every state of the page, by width and scheme: `python -m tests.browser.states DIRECTORY`.

States that are named after the directory are looked at alone. Each is photographed, asked whether
anything is wider than the screen, and examined by axe-core. What docs/states.md lists as reviewed
is what this takes pictures of. Exit status 1 when something was found.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby, product
from pathlib import Path
from time import monotonic
from typing import Literal

from playwright.sync_api import Browser, Error, Page

from .arranged import empty
from .arranged_pages import STATES
from .bench import finish_everything
from .chromium import launched
from .conftest import PATIENCE_MS
from .furnished import HEIGHT, Bench, furnished
from .test_accessible import violations

WIDTHS = (1440, 1100, 390)
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
# Resolves once charts were drawn again, which waits for so long after the last time.
DRAWN = """() => new Promise(drawn => {
  const slow = matchMedia('(max-width: 700px), (prefers-reduced-motion: reduce)').matches;
  const wait_ms = slow ? 500 : 250;
  const begin_ms = performance.now();
  const look = () => performance.now() - begin_ms > wait_ms ?
    requestAnimationFrame(drawn) : requestAnimationFrame(look);
  requestAnimationFrame(look);
})"""
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

    def take(self, page: Page) -> None:
        """Switch a page of this width to this look."""
        page.emulate_media(
            color_scheme=self.scheme,
            forced_colors="active" if self.forced else "none",
            reduced_motion="reduce" if self.still else "no-preference",
        )


LOOKS = [Look(width, scheme) for width, scheme in product(WIDTHS, SCHEMES)]
SPECIAL = [Look(1440, "dark", forced=True), Look(1440, "light", still=True)]
SPECIALLY_LOOKED_AT = ("running", "finished", "why", "where-lines", "claims-done", "matrix", "runs")


def main() -> int:
    """Look at all states, or at those named after the directory."""
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    directory, *wanted = sys.argv[1:]
    if unknown := [name for name in wanted if name not in STATES]:
        print(f"unknown: {', '.join(unknown)}. States: {', '.join(STATES)}", file=sys.stderr)
        return 2
    Path(directory).mkdir(parents=True, exist_ok=True)
    complaints = []
    with launched() as browser, furnished(browser, _report) as bench:
        for name in wanted or STATES:
            begin_s = monotonic()
            findings = _look_at(name, browser, bench, Path(directory))
            _report(f"{name}: {len(findings)} findings, {monotonic() - begin_s:.0f} s")
            complaints += findings
    print("\n".join(complaints) or "nothing was found")
    return 1 if complaints else 0


def _report(line: str) -> None:
    print(line, flush=True)


def _look_at(name: str, browser: Browser, bench: Bench, directory: Path) -> list[str]:
    """Photograph one state at all its looks; return what is wrong.

    A state is reached once at each width. There the looks are switched.
    """
    looks = sorted(LOOKS + SPECIAL * (name in SPECIALLY_LOOKED_AT), key=lambda look: -look.width)
    findings: list[str] = []
    for width, of_width in groupby(looks, key=lambda look: look.width):
        # Without the CSP, because axe is injected into the page.
        context = browser.new_context(
            viewport={"width": width, "height": HEIGHT}, bypass_csp=True, ignore_https_errors=True
        )
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        try:
            findings += _looks(name, list(of_width), page, bench, directory)
            _leave(context.new_page(), bench)
        finally:
            context.close()
    return findings


def _looks(
    name: str, looks: list[Look], page: Page, bench: Bench, directory: Path
) -> Iterator[str]:
    """Yield what is wrong with one state at the looks of one width."""
    called = f"{name}-{looks[0]}"
    try:
        looks[0].take(page)
        STATES[name](page, bench)
        for look in looks:
            called = f"{name}-{look}"
            look.take(page)
            _photograph(page, directory / f"{called}.png")
            beyond = page.evaluate(WIDER)
            if beyond > 0:
                yield f"{called}: {beyond} px wider than the screen"
            yield from (f"{called}: {violation}" for violation in violations(page))
    except (Error, AssertionError) as error:
        page.screenshot(path=directory / f"{called}-not-reached.png")
        yield f"{called}: not reached: {error}"


def _photograph(page: Page, path: Path) -> None:
    """Scroll through a phone's page first, where a chart is drawn once it is in sight."""
    page.wait_for_function(QUIET)
    height = page.evaluate("matchMedia('(max-width: 700px)').matches && document.body.scrollHeight")
    for top in (*range(HEIGHT, int(height), HEIGHT), 0):
        page.evaluate("top => scrollTo(0, top)", top)
        page.evaluate(DRAWN)
    page.screenshot(path=path, full_page=True)


def _leave(page: Page, bench: Bench) -> None:
    """Stop everything before the next state."""
    empty(page, bench)
    with suppress(Error):  # a run that is still ending its servers: it is asked once more
        finish_everything(page)
    finish_everything(page)


if __name__ == "__main__":
    sys.exit(main())
