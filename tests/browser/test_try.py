"""*Try* in the browser: the button of a piece of advice fires the run that tests it."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from .bench import finish_everything, wait_for_status


def test_a_press_fires_the_advised_lane_beside_the_present_one(finished: Page) -> None:
    run = finished.evaluate("window.liveburst.run.id")
    card = finished.locator("#try .advice-card").first
    expect(card).to_contain_text("Predicted total time")
    button = card.get_by_role("button", name="Fire sync@gunicorn-gthread:threads=100")
    button.focus()
    finished.keyboard.press("Enter")
    finished.wait_for_url(re.compile(rf"/runs/(?!{run})\w+/"))
    wait_for_status(finished, "starting", "running", "finished")
    lanes = finished.evaluate("window.liveburst.run.lanes.map(lane => lane.name)")
    assert lanes == ["sync@gunicorn-gthread", "sync@gunicorn-gthread:threads=100"]
    finish_everything(finished)
    finished.goto(finished.url)
    expect(finished.locator("#try")).to_be_attached()
