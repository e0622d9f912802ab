"""The picture first: what is in the first screen, and that nothing moves."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from dashboard.analysis.text.verdict.headline import MOST
from dashboard.web.run.run_view import LONG_HEADLINE

from .bench import SENTENCE, fire, fix_rounds, picture, run_it, unfold, wait_for_status
from .first_screen import (
    MOST_SHIFT,
    SCREENS,
    Shift,
    first_screen,
    layout_shift,
    observe_shifts,
    shifts,
)


@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_nothing_moves_from_the_press_to_the_end(page: Page, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.locator("#parameter_delay").fill("0.03")  # what moves does not depend on it
    presses: list[Callable[[], str]] = [lambda: fire(page, 10), lambda: run_it(page)]
    for press in presses:
        fix_rounds(page, 2)  # what moves between two rounds moves between any two
        observe_shifts(page)
        press()
        wait_for_status(page, "finished", timeout_s=90)  # the first one starts the servers
        expect(page.locator("#headline")).to_contain_text(SENTENCE)
        expect(page.locator("#stage .replay")).to_be_attached()  # the last that appears
        moved = shifts(page)
        assert layout_shift(moved) < MOST_SHIFT, moved
    screen = first_screen(page)
    assert len(screen.lanes) == 3
    assert not screen.outside, screen


@pytest.mark.parametrize(
    ("at_ms", "largest"),
    [
        ([], 0),
        ([0, 900, 1800], 3),
        ([0, 1100, 2000, 4000], 2),
        ([0, 900, 1800, 2700, 3600, 4500, 5400, 6300], 6),
    ],
    ids=["none", "one burst", "ended by a second", "ended after five seconds"],
)
def test_a_burst_of_shifts_is_counted_by_itself(at_ms: list[float], largest: int) -> None:
    assert layout_shift([Shift(1, at, "") for at in at_ms]) == largest


def test_numbers_are_in_each_lanes_head_and_agree_with_the_table(finished: Page) -> None:
    for lane in range(3):
        head = finished.locator(f"#numbers-{lane}")
        row = finished.locator(f"#result tr[data-lane='{lane}']")
        doubt = row.locator("[data-cell=ratio] .doubt").all_inner_texts()
        ratio = row.locator("[data-cell=ratio]").inner_text()
        expect(head).to_contain_text(row.locator("[data-cell=total_time]").inner_text())
        expect(head).to_contain_text(ratio.removesuffix(doubt[0]).strip() if doubt else ratio)
        # A run on a busy machine may be in doubt, which takes the place of the percentile.
        rest = doubt[0] if doubt else row.locator("[data-cell=p95]").inner_text()
        expect(head).to_contain_text(rest)


# The longest that there is, apart from lanes of longer names.
GROUPED = (
    "So far: async@daphne and sync@daphne were about ",
    "7.2×",
    " faster than sync@gunicorn-gthread (95 %: 7.1–7.5), because gunicorn had only 8 threads.",
)
WRITE = """([before, number, after]) => {
  const headline = document.querySelector('#headline');
  const emphasised = document.createElement('b');
  emphasised.textContent = number;
  headline.toggleAttribute('data-long', true);
  headline.replaceChildren(before, emphasised, after);
}"""
TWO_LINES_PX = 48


def test_a_sentence_about_two_lanes_is_one_line_of_a_wide_screen(finished: Page) -> None:
    assert LONG_HEADLINE < len("".join(GROUPED)) <= MOST
    finished.evaluate(WRITE, GROUPED)
    for width in (1341, 1440, 1920):
        finished.set_viewport_size({"width": width, "height": 900})
        box = finished.locator("#headline").bounding_box()
        assert box
        assert box["height"] < TWO_LINES_PX, width


def test_what_to_fire_is_one_line_that_unfolds_over_the_picture(finished: Page) -> None:
    line = finished.locator("#fire > summary")
    expect(line).to_contain_text("100 requests at once · 3 rounds")
    expect(line).to_contain_text("async@daphne")
    expect(finished.locator("#scenario")).to_be_hidden()
    before = first_screen(finished)
    unfold(finished)
    expect(finished.locator("#scenario")).to_be_visible()
    assert first_screen(finished) == before
    finished.locator("#parameter_delay").fill("3")
    finished.locator("#parameter_delay").blur()
    expect(line).to_contain_text("delay 3 s")
    finished.locator("#parameter_delay").fill("0.1")
    finished.locator("#parameter_delay").blur()
    expect(line).to_contain_text("delay 0.1 s")
    finished.keyboard.press("Escape")
    expect(finished.locator("#scenario")).to_be_hidden()


def test_the_presentation_shows_the_sentence_and_the_picture_alone(finished: Page) -> None:
    before = first_screen(finished)
    finished.keyboard.press("p")
    for hidden in (".bar", "#fire", "#result", "#panel"):
        expect(finished.locator(hidden)).to_be_hidden()
    for shown in ("#headline", "#numbers-0", ".waterfall canvas >> nth=0"):
        expect(finished.locator(shown)).to_be_visible()
    bars = finished.locator("canvas.bars").first
    finished.wait_for_function(
        "([canvas, before]) => canvas.height > before && canvas.height === canvas.clientHeight",
        arg=[bars.element_handle(), before.lanes[0].bars],
    )
    for plot in finished.locator("#waterfalls .plot").all():
        box = plot.bounding_box()
        assert box
        assert box["y"] + box["height"] <= before.height
    finished.keyboard.press("Escape")
    expect(finished.locator(".bar")).to_be_visible()
    assert first_screen(finished) == before
    finished.get_by_role("button", name="Present").click()
    finished.get_by_role("button", name="Leave").click()
    expect(finished.locator(".bar")).to_be_visible()


def test_the_colour_scheme_is_switched_kept_and_applied_before_anything_is_painted(
    finished: Page,
) -> None:
    finished.emulate_media(color_scheme="light")
    light = _background(finished), picture(finished)
    switch = finished.locator("#scheme")
    expect(switch).to_have_attribute("aria-label", "Colour scheme: system")
    for name in ("light", "dark"):
        switch.click()
        expect(switch).to_have_attribute("aria-label", f"Colour scheme: {name}")
    finished.wait_for_function(
        "before => document.querySelector('canvas.bars').toDataURL() !== before", arg=light[1][0]
    )
    dark = _background(finished)
    assert dark != light[0]
    # It is in the page as the server sends it: nothing has to run before the page is painted.
    document = finished.reload()
    assert document is not None
    assert 'data-scheme="dark"' in document.text()
    assert _background(finished) == dark
    missing = finished.request.get(f"{finished.url}no-such-page/")
    assert 'data-scheme="dark"' in missing.text()
    switch.click()
    expect(switch).to_have_attribute("aria-label", "Colour scheme: system")
    assert _background(finished) == light[0]


def _background(page: Page) -> str:
    colour: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return colour
