"""The form: bad input, estimates, other scenarios, and a page without JavaScript."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, expect

from .bench import SENTENCE, choose_lanes, fill, fire, run_it, wait_for_status
from .first_screen import SCREENS, first_screen

BAD_INPUTS = [
    ("requests", "0"),
    ("requests", ""),
    ("concurrency", "101"),
    ("rounds", "-3"),
    ("timeout", "0"),
    ("parameter_delay", "99"),
]


def test_bad_input_has_a_message_beside_its_field(page: Page) -> None:
    fill(page)
    for field, value in BAD_INPUTS:
        box = page.locator(f"#fire [name={field}]")
        before = box.input_value()
        box.fill(value)
        page.locator("#run-button").click()
        message = page.locator(f"#error-{field}")
        # What it found: the message of the press before may be that of the same field.
        expect(message).to_contain_text(re.compile(f"✕.*, found {value or 'none'}"))
        expect(page.locator("#fire [aria-invalid=true]")).to_have_count(1)
        expect(box).to_have_attribute("aria-invalid", "true")
        expect(box).to_have_attribute("aria-describedby", f"error-{field}")
        expect(box).to_have_value(value)
        assert page.evaluate("window.liveburst.run?.id ?? null") is None
        assert page.url.endswith("/")
        expect(page.locator("#queue [data-run]")).to_have_count(0)
        box.fill(before)


def test_no_lane_at_all_is_bad_input(page: Page) -> None:
    choose_lanes(page)
    page.locator("#run-button").click()
    expect(page.locator("#error-lanes")).to_be_visible()


def test_a_message_goes_when_its_field_is_right(page: Page) -> None:
    fill(page, requests=0)
    page.locator("#run-button").click()
    expect(page.locator("#error-requests")).to_be_visible()
    fill(page, requests=10, rounds=1)
    run_it(page)
    expect(page.locator("#error-requests")).to_have_count(0)
    expect(page.locator("#fire [name=requests]")).not_to_have_attribute("aria-invalid", "true")
    wait_for_status(page, "finished")


def test_estimates_follow_the_delay(page: Page) -> None:
    hundred = page.locator("#quick button", has_text="100").first
    before = hundred.inner_text()
    page.get_by_role("button", name="Delay 3 s").click()
    expect(page.locator("#parameter_delay")).to_have_value("3")
    expect(hundred).not_to_have_text(before)


def test_a_press_right_after_typing_is_not_lost(page: Page) -> None:
    page.locator("#parameter_delay").fill("0.01")
    fire(page, 10)
    wait_for_status(page, "finished")


def test_another_scenario_brings_its_lanes(page: Page) -> None:
    page.locator("#scenario").select_option("mixed")
    fill(page)
    expect(page.locator("#fire [name=lanes][value='bridged-threads@daphne']")).to_be_checked()
    expect(page.locator(".ghost")).to_have_count(2)
    expect(page.locator(".ghost").nth(1)).to_contain_text("def bridged_threads")


def test_two_to_six_lanes_share_one_axis(page: Page) -> None:
    lanes = [
        "sync@gunicorn-gthread", "sync@daphne", "sync@uvicorn", "async@daphne", "async@uvicorn",
        "async@gunicorn-gthread",
    ]  # fmt: skip
    choose_lanes(page, *lanes)
    fill(page, requests=20, rounds=1, parameter_delay="0.05")
    run_it(page)
    wait_for_status(page, "finished")
    drawn = page.evaluate("window.liveburst.waterfalls")
    assert sorted(waterfall["name"] for waterfall in drawn) == sorted(lanes)
    assert {waterfall["finished"] for waterfall in drawn} == {20}
    assert len({waterfall["axisEnd_ms"] for waterfall in drawn}) == 1
    for width, height in SCREENS:
        page.set_viewport_size({"width": width, "height": height})
        screen = first_screen(page)
        assert len(screen.lanes) == 6
        assert not screen.outside, screen


def test_without_javascript_a_run_can_be_fired_and_read(browser: Browser, dashboard: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(dashboard)
    fill(page, rounds=3)
    page.locator("#quick button").first.click()
    expect(page).to_have_url(f"{dashboard}/runs/{page.url.split('/')[-2]}/")
    run = page.url
    while page.locator("#state").inner_text() not in ("finished", "failed"):
        page.goto(run)  # as a person would: reload until it is over
    expect(page.locator("#headline")).to_contain_text(SENTENCE)
    expect(page.locator("#result tbody tr").first).to_contain_text("30")
    page.goto(dashboard + "/runs/")
    expect(page.locator("main tbody tr").first).to_contain_text("finished")
    context.close()
