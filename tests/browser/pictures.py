"""Takes the pictures of README and docs from a real run: `make pictures`."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from .bench import fire, wait_for_status
from .conftest import CHROMIUMS, FLAGS, ROOT, serving

PICTURES = ROOT / "docs" / "pictures"
WIDTH, HEIGHT = 1440, 1000
PAINTED = """() => [...document.querySelectorAll('.panel .chart canvas')].some(one => one.width &&
  one.getContext('2d').getImageData(0, 0, one.width, one.height).data.some(Boolean))"""


def main() -> None:
    """A finished run, in light and in dark."""
    chromium = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    PICTURES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as home,
        serving(Path(home)) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        _warm_up(browser, address)
        run = _take_one_run(browser, address)
        _take(browser, f"{address}/runs/{run}/", "dark", "finished-dark.png")
        browser.close()


def _warm_up(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(address)
    page.wait_for_selector("#connection[data-state=live]")
    fire(page, 10)
    wait_for_status(page, "finished")
    page.close()


def _take_one_run(browser: Browser, address: str) -> str:
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
    page.goto(address)
    page.wait_for_selector("#connection[data-state=live]")
    run = fire(page, 100)
    wait_for_status(page, "finished")
    page.close()
    _take(browser, f"{address}/runs/{run}/", "light", "finished.png")
    return run


def _take(browser: Browser, address: str, scheme: str, name: str) -> None:
    page = browser.new_page(
        viewport={"width": WIDTH, "height": HEIGHT},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page.goto(address)
    page.wait_for_function("() => window.liveburst.waterfalls.every(one => one.finished === 100)")
    page.wait_for_function(PAINTED)
    page.screenshot(path=PICTURES / name, full_page=True)
    page.close()


if __name__ == "__main__":
    main()
