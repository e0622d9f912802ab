"""Zoom by keys, wheel, selection and minimap; all lanes in one chart; charts without data yet."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from .conftest import OpenPage
from .test_panel import wait_until_painted

# The rows with a bar in a stretch of the newest round, in any lane: first, and last plus one.
ROWS_WITH_A_BAR = """([begin, end]) => {
  const { feed, waterfalls } = window.liveburst;
  const rows = waterfalls.flatMap(({ round }, lane) => {
    const { state, stamps } = feed.columns.firing(lane, round);
    const { due, done } = stamps;
    return [...state.keys()].filter((row) => state[row] && due[row] < end && done[row] > begin);
  });
  return [Math.min(...rows), Math.max(...rows) + 1];
}"""


def wait_for_span(page: Page, begin_ms: float, end_ms: float) -> None:
    page.wait_for_function(
        """([begin, end]) => {
          const [from, to] = window.liveburst.span;
          return Math.abs(from - begin) < 0.01 && Math.abs(to - end) < 0.01;
        }""",
        arg=[begin_ms, end_ms],
    )


def test_the_charts_zoom_into_rows_and_time_and_back(finished: Page) -> None:
    whole = finished.evaluate("window.liveburst.span")
    expect(finished.locator("#fit")).to_be_disabled()
    finished.keyboard.press("+")
    wait_for_span(finished, 0, whole[1] / 2)
    assert finished.evaluate("window.liveburst.rows") == [0, 50]
    expect(finished.locator("#stage")).to_have_class("stage zoomed")
    finished.keyboard.press("-")
    wait_for_span(finished, *whole)
    expect(finished.locator("#stage")).to_have_class("stage")
    plot = finished.locator(".plot").first
    plot.focus()
    finished.keyboard.press("End")
    finished.keyboard.press("+")
    wait_for_span(finished, whole[1] / 2, whole[1])
    finished.keyboard.press("Home")  # the charts follow the cursor
    wait_for_span(finished, 0, whole[1] / 2)
    finished.keyboard.press("PageUp")
    finished.wait_for_function("window.liveburst.rows[0] === 0")
    finished.keyboard.press("PageDown")
    finished.wait_for_function("window.liveburst.rows[1] === 100")
    finished.keyboard.press("0")
    wait_for_span(finished, *whole)


def test_the_wheel_scrolls_the_page_and_zooms_a_focused_chart(finished: Page) -> None:
    whole = finished.evaluate("window.liveburst.span")
    plot = finished.locator(".plot").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + 100
    finished.mouse.move(x, y)
    expect(finished.locator(".card-hint")).to_contain_text("wheel zooms")
    before = finished.evaluate("scrollY")
    finished.mouse.wheel(0, 60)
    finished.wait_for_function("before => scrollY > before", arg=before)
    assert finished.evaluate("window.liveburst.span") == whole
    finished.evaluate("before => scrollTo(0, before)", arg=before)
    finished.keyboard.down("Control")
    finished.mouse.wheel(0, -60)
    finished.keyboard.up("Control")
    finished.wait_for_function(
        "to => window.liveburst.span[1] - window.liveburst.span[0] < to", arg=whole[1]
    )
    begin, end = finished.evaluate("window.liveburst.span")
    assert (begin + end) / 2 == pytest.approx(whole[1] / 2, abs=whole[1] / 50)
    finished.keyboard.press("0")
    wait_for_span(finished, *whole)
    plot.focus()
    scrolled = finished.evaluate("scrollY")
    finished.mouse.wheel(0, -60)
    finished.wait_for_function("() => window.liveburst.rows !== null")
    assert finished.evaluate("scrollY") == scrolled
    finished.keyboard.down("Shift")
    begin = finished.evaluate("window.liveburst.span[0]")
    finished.mouse.wheel(0, 60)
    finished.keyboard.up("Shift")
    finished.wait_for_function("begin => window.liveburst.span[0] > begin", arg=begin)


def test_a_selection_is_zoomed_to_with_the_rows_that_have_a_bar_in_it(finished: Page) -> None:
    box = finished.locator(".plot").first.bounding_box()
    assert box
    finished.mouse.move(box["x"] + box["width"] / 2, box["y"] + 60)
    finished.mouse.down()
    finished.mouse.move(box["x"] + box["width"] * 3 / 4, box["y"] + 60, steps=3)
    finished.mouse.up()
    begin, end = finished.evaluate("window.liveburst.selection")
    finished.locator("#zoom").click()
    wait_for_span(finished, begin, end)
    # A request that was held up has a low row and a late bar, so the rows are those of this run.
    first, last = finished.evaluate(ROWS_WITH_A_BAR, [begin, end])
    assert finished.evaluate("window.liveburst.rows") == (
        None if (first, last) == (0, 100) else [first, last]
    )
    assert finished.evaluate("window.liveburst.selection") is None
    expect(finished.locator("#selection")).to_be_hidden()


def test_a_drag_shows_what_it_selects_and_with_shift_zooms_to_it(finished: Page) -> None:
    whole = finished.evaluate("window.liveburst.span")
    chart = finished.locator("[data-chart=inFlight] .chart")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box
    left, width = box["x"] + 56, box["width"] - 76  # of the axis
    finished.keyboard.down("Shift")
    finished.mouse.move(left + width / 4, box["y"] + 60)
    finished.mouse.down()
    finished.mouse.move(left + width / 2, box["y"] + 60, steps=3)
    expect(finished.locator("#card .muted").first).to_contain_text("selected: ")
    finished.mouse.up()
    finished.keyboard.up("Shift")
    finished.wait_for_function("() => window.liveburst.span[0] > 0")
    begin, end = finished.evaluate("window.liveburst.span")
    assert begin == pytest.approx(whole[1] / 4, abs=whole[1] / 50)
    assert end == pytest.approx(whole[1] / 2, abs=whole[1] / 50)
    assert finished.evaluate("window.liveburst.selection") is None


def test_the_minimap_moves_what_is_zoomed(finished: Page) -> None:
    minimap = finished.locator("#minimap")
    expect(minimap).to_be_hidden()
    finished.keyboard.press("+")
    expect(minimap).to_be_visible()
    whole_ms = 2 * finished.evaluate("window.liveburst.span[1]")
    box = minimap.bounding_box()
    assert box
    finished.mouse.move(box["x"] + 10, box["y"] + 5)
    finished.mouse.down()
    finished.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] - 2, steps=3)
    finished.mouse.up()
    wait_for_span(finished, whole_ms / 2, whole_ms)
    assert finished.evaluate("window.liveburst.rows") == [50, 100]
    finished.locator("#fit").click()
    expect(minimap).to_be_hidden()


def test_all_lanes_are_laid_over_each_other_on_demand(finished: Page) -> None:
    before = finished.locator("#panel").bounding_box()
    finished.keyboard.press("o")
    expect(finished.locator("#overlay-button")).to_have_attribute("aria-pressed", "true")
    expect(finished.locator(".plot").first).to_be_hidden()
    figure = finished.locator("[data-chart=done]")
    expect(figure.locator("[data-summary]")).to_contain_text("A 100 · B 100 · C 100")
    wait_until_painted(finished, "done")
    assert finished.locator("#panel").bounding_box() == before  # nothing moves
    for lane in finished.evaluate("window.liveburst.lines.done"):
        values = [value for value in lane if value is not None]
        assert values == sorted(values)
        assert values[-1] == 100
    figure.locator(".chart").focus()
    finished.keyboard.press("End")
    expect(finished.locator("#reading")).to_contain_text("A 100 · B 100 · C 100")
    finished.keyboard.press("o")
    expect(figure).to_be_hidden()
    expect(finished.locator(".plot").first).to_be_visible()


def test_what_is_being_fetched_is_loading_and_not_nothing(
    open_page: OpenPage, finished_run: str
) -> None:
    page = open_page("/", live=False)
    page.route("**/frames?**", lambda _: None)
    page.route("**/runs/*/charts/**", lambda _: None)
    page.goto(f"{page.url}runs/{finished_run}/")
    for lane in page.locator(".waterfall .summary").all():
        expect(lane).to_have_text("loading…")
    expect(page.locator("[data-chart=inFlight] .summary")).to_have_text("loading…")
    page.locator("[data-chart=inFlight] summary").click()
    expect(page.locator("[data-chart=inFlight] .as-table div")).to_have_text("loading…")
