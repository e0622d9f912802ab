"""A mix in a browser: fired and read by keyboard, without JavaScript, and examined by axe-core.

`tests/web/explore/test_mix.py` tests what the pages show.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import PATIENCE_MS, RUN_MS, listen, serving
from .mixes import MIX, lab_with_mix
from .test_accessible import violations_in_both_schemes

# Enough requests of each view for a p95, in as little time as possible.
NUMBERS = {"rate": "240", "duration": "0.5", "blocks": "1"}


@pytest.fixture(scope="module")
def shop(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a dashboard of a project with a mix."""
    home = tmp_path_factory.mktemp("shop")
    with serving(home, "--project", str(lab_with_mix(home))) as address:
        yield address


@pytest.fixture(scope="module")
def answer(browser: Browser, shop: str) -> str:
    """The address of a finished mix, which was fired by keyboard alone."""
    complaints: list[str] = []
    page = browser.new_page()
    page.set_default_timeout(PATIENCE_MS)
    listen(page, complaints)
    page.goto(f"{shop}/explore/?scenario={MIX}")
    second = page.locator("#mix-form [name=servers]").nth(1)
    second.focus()
    page.keyboard.press("Space")
    expect(second).not_to_be_checked()
    for name, value in NUMBERS.items():
        page.locator(f"#mix-{name}").focus()
        page.keyboard.press("Control+A")
        page.keyboard.type(value)
    expect(page.locator("#mix-estimate")).to_contain_text("takes about")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/explore/\w{8}/$"))
    address = page.url
    expect(page.locator("#experiment")).to_have_attribute("data-status", "finished", timeout=RUN_MS)
    expect(page.locator("#asking")).to_have_count(0)
    assert not complaints
    page.close()
    return address


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page into which axe-core can be put; at the end there were no console errors."""
    complaints: list[str] = []
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, bypass_csp=True)
    context.set_default_timeout(PATIENCE_MS)
    opened = context.new_page()
    listen(opened, complaints)
    yield opened
    context.close()
    assert not complaints


def test_the_heat_table_and_its_runs_are_read_by_keyboard(page: Page, answer: str) -> None:
    page.goto(answer)
    table = page.get_by_role("group", name=re.compile("Views at mix@gunicorn-gthread"))
    expect(table.locator("tbody th")).to_have_text(["report.sync", "search.sync", "page.sync"])
    expect(table.locator("td.heat")).to_have_count(3)
    expect(table.locator("td.heat").first).to_contain_text(re.compile(r"\d ms|\d s"))
    table.focus()
    expect(table).to_be_focused()
    page.keyboard.press("Tab")
    runs = page.locator(".mix-runs")
    expect(runs.locator("summary")).to_be_focused()
    page.keyboard.press("Enter")
    expect(runs.get_by_role("link")).to_have_count(4)
    runs.get_by_role("link", name="1: mix", exact=True).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs/**")
    expect(page.locator(".mixed-views tbody tr")).to_have_count(3)


def test_axe_core_finds_nothing_on_the_form_the_answer_and_a_run(
    page: Page, shop: str, answer: str
) -> None:
    page.goto(answer)
    page.locator(".mix-runs summary").click()
    run = page.get_by_role("link", name="1: mix", exact=True).get_attribute("href")
    for address in (f"{shop}/explore/?scenario={MIX}", answer, f"{shop}{run}"):
        page.goto(address)
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 1000})
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
            assert violations_in_both_schemes(page, "light") == [], (address, width)


def test_the_answer_is_readable_without_javascript(browser: Browser, answer: str) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.set_default_timeout(PATIENCE_MS)
    page.goto(answer)
    expect(page.locator(".explore-sentence")).not_to_be_empty()
    expect(page.locator("td.heat")).to_have_count(3)
    expect(page.locator("td.heat b").first).to_be_visible()
    page.locator(".mix-runs summary").click()
    page.get_by_role("link", name="1: mix", exact=True).click()
    expect(page.locator(".mixed-views tbody tr")).to_have_count(3)
    page.close()
