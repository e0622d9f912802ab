"""The tutorial, followed literally: each control that it names in bold is on the page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .conftest import RUN_MS

TUTORIAL = (Path(__file__).parents[2] / "docs/tutorial.md").read_text()
PARTS = dict(re.findall(r"^## (\d)\. .*?\n(.*?)(?=^## |\Z)", TUTORIAL, re.M | re.S))
CONTROLS = "button, a, summary, label, select"


def named(part: str) -> list[str]:
    """Return what a part of the tutorial names in bold, in its order."""
    return re.findall(r"\*\*(.+?)\*\*", PARTS[part])


def test_there_is_something_to_follow() -> None:
    assert [bool(named(part)) for part in "123"] == [True] * 3


@pytest.mark.parametrize("part", "123")
def test_each_control_is_on_the_page(finished: Page, part: str) -> None:
    finished.locator("#fire > summary").click()
    for label in named(part):
        control = finished.locator(CONTROLS).filter(has_text=re.compile(rf"^\s*{re.escape(label)}"))
        # An X-ray's page shows its controls when its request was traced, in a target of its own.
        expect(control.filter(visible=True).first).to_be_enabled(timeout=RUN_MS)
        if label in {"More", "Other servers", "Why", "X-ray", "Claims", "Explore"}:
            control.filter(visible=True).first.click()
        if label == "Run":
            finished.keyboard.press("Escape")  # as a press does, it folds what to fire


def test_each_lane_can_be_selected(finished: Page) -> None:
    lanes = re.findall(r"`([\w-]+@[\w-]+)`", PARTS["2"])
    assert lanes
    finished.locator("#fire > summary").click()
    finished.locator("#fire summary", has_text="More").click()
    finished.locator("#fire summary", has_text="Other servers").click()
    for lane in lanes:
        expect(finished.locator(f"#fire [name=lanes][value='{lane}']")).to_be_visible()


def test_explore_answers_its_two_questions(finished: Page) -> None:
    finished.get_by_role("link", name="Explore", exact=True).click()
    for heading in ("Matrix", "Sweep"):
        assert f"*{heading.lower()}*" in PARTS["3"]
        expect(finished.get_by_role("heading", name=heading, exact=True)).to_be_visible()
