"""The browser, for the tests and for the scripts beside them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
# For tests. The shell is Chromium without what draws a window of its own: a page costs half as much
# to open. What is measured and photographed is the browser that people have.
IN_TESTS = ("chromium-headless-shell", *PROGRAMS)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def program(names: Sequence[str] = PROGRAMS) -> str | None:
    """Return the first of these browser programs that this machine has."""
    return next(filter(None, map(shutil.which, names)), None)


@contextmanager
def launched(names: Sequence[str] = PROGRAMS) -> Iterator[Browser]:
    """Chromium, without a window: the first of these programs."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(names), args=FLAGS)
        yield browser
        browser.close()
