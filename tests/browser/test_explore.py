"""Explore in a browser: a matrix that fills while it runs, sorted, opened; what is stopped.

`tests/web/explore/test_explore.py` tests what the pages show.
"""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

EXPERIMENT = re.compile(r"/explore/\w{8}/$")
FINISH_MS = 120_000


def open_explore(page: Page) -> None:
    page.get_by_role("link", name="Explore").click()
    expect(page.locator("#explore-title")).to_be_visible()


def test_a_matrix_fills_while_it_runs_and_then_stops_polling(page: Page) -> None:
    open_explore(page)
    for box in page.locator("[name=servers]").all():
        box.set_checked(box.get_attribute("value") in ("gunicorn-gthread", "daphne"))
    page.locator("#matrix-parameter_delay").fill("0.02")
    page.locator("#matrix-requests").fill("16")
    page.locator("#matrix-rounds").fill("2")
    page.get_by_role("button", name="Run the matrix").click()
    page.wait_for_url(EXPERIMENT)
    expect(page.locator("#asking")).to_have_count(1)
    expect(page.locator("#experiment")).to_have_attribute(
        "data-status", "finished", timeout=FINISH_MS
    )
    expect(page.locator("#asking")).to_have_count(0)
    expect(page.locator("td.heat")).to_have_count(6)
    page.locator("thead a", has_text="daphne").click()
    expect(page.locator("thead [aria-sort=ascending]")).to_have_text(re.compile("daphne"))
    expect(page.locator("tbody tr").last).to_contain_text("async-blocking")
    page.locator("td.heat a").first.click()
    expect(page.locator("#stage")).to_have_attribute("data-status", "finished")


def test_a_sweep_is_stopped_as_one_by_its_button(page: Page) -> None:
    open_explore(page)
    page.get_by_role("button", name="Run the sweep").click()
    page.wait_for_url(EXPERIMENT)
    expect(page.locator("#queue .chip")).to_have_count(1)
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator("#experiment")).to_have_attribute(
        "data-status", "stopped", timeout=FINISH_MS
    )
    expect(page.locator("#queue .chip")).to_have_count(0)
    open_explore(page)  # the form is needed to empty the queue afterwards


def test_a_capacity_shows_its_rates_while_it_runs_and_is_stopped(page: Page) -> None:
    open_explore(page)
    page.locator("#capacity-duration").fill("1")
    page.locator("#capacity-form [value^=async]").uncheck()
    page.locator("#capacity-rounds").press("Enter")
    page.wait_for_url(EXPERIMENT)
    expect(page.locator("#asking")).to_have_count(1)
    expect(page.locator(".capacity-rates a").first).to_be_visible(timeout=FINISH_MS)
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator("#experiment")).to_have_attribute(
        "data-status", "stopped", timeout=FINISH_MS
    )
    expect(page.locator("#asking")).to_have_count(0)
    page.locator(".capacity-rates a").first.click()
    expect(page.locator("#stage")).to_be_visible()
    open_explore(page)  # the form is needed to empty the queue afterwards


def test_a_refused_form_stays_in_its_place(page: Page) -> None:
    open_explore(page)
    page.set_viewport_size({"width": 390, "height": 844})
    rounds, matrix = page.locator("#sweep-rounds"), page.locator("#matrix-requests")
    matrix.fill("77")
    rounds.fill("4")
    button = page.get_by_role("button", name="Run the sweep")
    button.scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    button.click()
    expect(page.locator("#error-sweep-rounds")).to_contain_text("expected 5 or more")
    expect(rounds).to_be_focused()
    expect(rounds).to_be_in_viewport()
    expect(matrix).to_have_value("77")
    assert page.url.endswith("/explore/")
    assert before > 0
    assert page.evaluate("scrollY") > before / 2


def test_an_estimate_follows_the_form(page: Page) -> None:
    open_explore(page)
    estimate = page.locator("#matrix-estimate")
    expect(estimate).to_contain_text("takes about")
    page.locator("#matrix-parameter_delay").fill("3")
    page.locator("#matrix-requests").fill("100")
    page.locator("#matrix-rounds").fill("5")
    page.locator("#matrix-rounds").press("Tab")
    expect(estimate).to_contain_text(re.compile(r"takes about \d+ min"))


def test_the_forms_fit_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    open_explore(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
