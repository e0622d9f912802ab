"""Survey in a browser: a survey that fills while it runs and is stopped; on a phone.

`tests/web/survey/` tests what the pages show.
"""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from .conftest import OpenPage

LONG_MS = 120_000


def open_survey(page: Page) -> None:
    page.get_by_role("link", name="Survey", exact=True).click()
    expect(page.locator("#survey-form")).to_have_count(1)


def test_a_survey_fills_while_it_runs_and_is_stopped_by_its_button(page: Page) -> None:
    open_survey(page)
    again = page.get_by_text("New survey", exact=True)
    if again.count():
        again.click()
    page.locator("[name=scenarios][value=sleep]").check()
    page.get_by_role("button", name="Run the survey").click()
    page.wait_for_url(re.compile(r"/survey/\w{8}/$"))
    expect(page.locator("#asking")).to_have_count(1)
    expect(page.locator("#queue .chip")).to_have_count(1)
    # The first view has run alone, and the table shows where its time goes.
    expect(page.locator(".survey-bar").first).to_be_visible(timeout=LONG_MS)
    page.get_by_role("button", name="Stop", exact=True).click()
    survey = page.locator("#survey")
    expect(survey).to_have_attribute("data-status", "stopped", timeout=LONG_MS)
    expect(page.locator("#asking")).to_have_count(0)
    expect(page.locator(".survey-bar").first).to_be_visible()
    page.locator("tbody th a").first.click()
    expect(page.locator("#stage")).to_be_visible()


def test_a_refused_form_stays_in_its_place(page: Page) -> None:
    open_survey(page)
    if not page.locator("#survey-rounds").is_visible():
        page.get_by_text("New survey", exact=True).click()
    page.locator("#survey-server").fill("apache")
    page.locator("#survey-rounds").fill("7")
    page.get_by_role("button", name="Run the survey").click()
    expect(page.locator("#error-survey-server")).to_be_visible()
    expect(page.locator("#survey-server")).to_be_focused()
    expect(page.locator("#survey-rounds")).to_have_value("7")
    assert page.url.endswith("/survey/")
    page.goto(page.url.replace("/survey/", "/"))  # the bench, whose form empties the queue


def test_a_phone_has_all_five_places_in_one_line(open_page: OpenPage) -> None:
    page = open_page("/survey/")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    boxes = [link.bounding_box() for link in page.locator(".bar nav a").all()]
    scheme = page.locator("#scheme").bounding_box()
    assert len(boxes) == 5
    assert scheme
    assert {box["y"] for box in boxes if box} == {boxes[0]["y"] if boxes[0] else None}
    assert scheme["y"] < 44
