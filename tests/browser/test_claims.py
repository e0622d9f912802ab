"""The claims page in a browser: a button fires, the card follows, code is coloured."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from .bench import finish_everything
from .conftest import OpenPage

QUICK = "async-does-not-block"
RUN_MS = 60_000


@pytest.fixture
def claims(open_page: OpenPage, complaints: list[str]) -> Iterator[Page]:
    """The claims page; at the end runs are stopped, and there were no console errors."""
    opened = open_page("/claims/")
    yield opened
    if opened.locator("#claims-stop").count():  # a failed test left it so
        opened.locator("#claims-stop").click()
        opened.locator("#claims-all").wait_for()
    finish_everything(opened)
    assert not complaints


def test_a_claim_is_tried_and_its_card_follows_without_a_reload(claims: Page) -> None:
    claims.evaluate("window.stayed = true")
    card = claims.locator(f"#claim-{QUICK}")
    card.get_by_role("button", name="Try", exact=True).click()
    expect(claims.locator("#claims-progress progress")).to_be_visible()
    expect(card.locator(".claim-state")).to_contain_text(re.compile("queued|starting|running"))
    expect(card.locator(".claim-verdict")).to_contain_text(
        re.compile("True only for async@uvicorn|Undecided"), timeout=RUN_MS
    )
    expect(card.locator("tbody th")).to_have_count(2)
    expect(claims.locator("#claims-progress progress")).to_have_count(0)
    expect(card.get_by_role("button", name="Try again")).to_be_visible()
    assert claims.evaluate("window.stayed")
    card.locator("a[href^='/runs/']").first.click()
    claims.wait_for_selector("#stage[data-status=finished]")


def test_all_claims_are_tried_until_they_are_stopped(claims: Page) -> None:
    claims.locator("#claims-all").click()
    expect(claims.locator("#claims-progress")).to_contain_text(re.compile(r"claim 1 of \d+"))
    claims.locator("#claims-stop").click()
    expect(claims.locator("#claims-all")).to_be_visible(timeout=RUN_MS)
    expect(claims.locator("#queue [data-run]")).to_have_count(0)


def test_what_differs_between_variants_is_marked_and_coloured(claims: Page) -> None:
    code = claims.locator(f"#claim-{QUICK} .code")
    expect(code).to_have_count(2)
    marked = code.last.locator("mark").last
    expect(marked).to_contain_text("time.sleep")
    colours = code.first.evaluate(
        """figure => ['.k', '.nf'].map(
             name => getComputedStyle(figure.querySelector(name)).color)"""
    )
    assert colours[0] != colours[1]


def test_nothing_is_wider_than_the_screen(claims: Page) -> None:
    for width in (1100, 390):
        claims.set_viewport_size({"width": width, "height": 844})
        assert claims.evaluate("document.documentElement.scrollWidth") == width


def test_it_can_be_read_and_used_without_javascript(browser: Browser, dashboard: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{dashboard}/claims/")
    expect(page.locator(f"#claim-{QUICK} pre")).to_have_count(2)
    page.locator(f"#fire-{QUICK}").click()
    assert page.url.endswith(f"/claims/#claim-{QUICK}")
    expect(page.locator("#claims-stop")).to_be_visible()
    page.locator("#claims-stop").click()
    assert page.url.endswith("/claims/")
    context.close()


def test_the_bench_has_the_code_in_its_panel(finished: Page) -> None:
    page = finished
    page.get_by_role("radio", name="Code").check()
    panel = page.locator("#code")
    expect(panel).to_be_visible()
    expect(panel.locator("figure")).to_have_count(2)
    expect(page.locator("#over-time")).to_be_hidden()
    assert panel.locator("mark").count()
