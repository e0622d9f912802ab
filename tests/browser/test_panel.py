"""The panel of charts: what they draw, one cursor, one selection, tables and keys."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from .bench import fire, next_frame, wait_for_status, wait_until_still

NOTHING = re.compile("loading|no request|no report")


@pytest.fixture
def watched(page: Page) -> Page:
    """A run of 100 requests, which this page has seen from its first request on."""
    fire(page, 100)
    wait_for_status(page, "finished")
    wait_until_still(page)
    return page


def lanes_done_within(page: Page, begin_ms: float, end_ms: float) -> list[int]:
    """Return the lanes with a request finished in this stretch of any round."""
    points: list[int] = page.evaluate(
        """([begin, end]) => {
          const {waterfalls, feed} = window.liveburst;
          return [...waterfalls.keys()].filter(lane => feed.columns.counted(lane).some(firing =>
            firing.stamps.done.some(done => done >= begin && done < end)));
        }""",
        arg=[begin_ms, end_ms],
    )
    assert points
    return points


def wait_until_painted(page: Page, chart: str) -> None:
    """Wait until a chart is painted on its canvas."""
    page.wait_for_function(
        """chart => {
          const canvas = document.querySelector(`[data-chart=${chart}] canvas`);
          const {width, height} = canvas;
          return width && height && canvas.getContext('2d').getImageData(0, 0, width, height).data
            .filter((value, i) => i % 4 === 3 && value).length > 500;
        }""",
        arg=chart,
    )


def test_every_tab_shows_its_charts(watched: Page) -> None:
    check_models(watched)
    tabs = {
        "Over time": ["inFlight", "throughput", "latency"],
        "Why": ["threads", "inApp", "inView", "loopLag", "cpu", "rss"],
    }
    for tab, charts in tabs.items():
        watched.get_by_role("radio", name=tab).check()
        for chart in charts:
            figure = watched.locator(f"[data-chart={chart}]")
            expect(figure).to_be_visible()
            expect(figure.locator("[data-summary]")).not_to_have_text(NOTHING)
            wait_until_painted(watched, chart)
    watched.get_by_role("radio", name="Distribution").check()
    for chart, marks in {"ecdf": "path.curve", "heat": "path.cells", "shift": "rect.bar"}.items():
        figure = watched.locator(f"[data-chart={chart}]")
        expect(figure.locator(marks).first).to_be_visible()
        expect(figure.locator(".summary")).not_to_have_text(NOTHING)


def test_tabs_are_changed_by_arrows(finished: Page) -> None:
    finished.get_by_role("radio", name="Over time").focus()
    finished.keyboard.press("ArrowRight")
    expect(finished.locator("#why")).to_be_visible()
    expect(finished.locator("#over-time")).to_be_hidden()


def test_the_models_agree_with_the_run(finished: Page) -> None:
    check_models(finished)


def check_models(page: Page) -> None:
    """Check that the charts draw what the run was."""
    lines = page.evaluate("window.liveburst.lines")
    for lane in lines["inFlight"]:
        values_ = [value for value in lane if value is not None]
        assert max(values_) == 100
        assert values_[-1] == 0
    # gunicorn's lane has eight threads for requests, and no loop.
    assert max(value or 0 for value in lines["inApp"][0]) == 8
    assert not any(lines["loopLag"][0])
    assert all(max(value or 0 for value in lane) > 1 for lane in lines["rss"])  # MB


def test_one_cursor_is_shown_in_all_charts_and_reads_values(finished: Page) -> None:
    plot = finished.locator(".plot").first
    box = plot.bounding_box()
    assert box
    finished.mouse.move(box["x"] + 40, box["y"] + 40)
    reading = finished.locator("#reading")
    expect(reading).to_contain_text("request ")
    expect(reading).to_contain_text("waiting in the server")
    expect(reading).to_contain_text("threads")
    expect(finished.locator("i.cursor:visible")).to_have_count(6)
    finished.mouse.click(box["x"] + 40, box["y"] + 40)
    expect(reading).to_contain_text("pinned")
    finished.mouse.move(5, 5)
    expect(reading).to_contain_text("pinned")
    finished.keyboard.press("Escape")
    expect(finished.locator("#card")).to_be_hidden()


def test_the_card_has_the_segments_of_a_request_and_keeps_clear_of_it(finished: Page) -> None:
    card = finished.locator("#card")
    for plot in finished.locator(".plot").all():
        box = plot.bounding_box()
        assert box
        for x, y in ((20, 30), (box["width"] - 20, box["height"] - 60)):
            at_x, at_y = box["x"] + x, box["y"] + y
            finished.mouse.move(at_x, at_y)
            expect(card).to_be_visible()
            next_frame(finished)
            place = card.bounding_box()
            assert place
            assert 0 <= place["x"] <= 1440 - place["width"]
            assert 0 <= place["y"] <= 1000 - place["height"]
            assert not place["y"] <= at_y <= place["y"] + place["height"]
    finished.locator(".plot").first.focus()
    finished.keyboard.press("End")
    finished.keyboard.press("Shift+ArrowLeft")
    expect(card.locator(".card-head .letter")).to_have_text("A")  # wherever the pointer is
    expect(card.locator(".card-request")).to_contain_text("request ")
    shares = dict(
        card.locator(".card-bar i").evaluate_all(
            "parts => parts.map(part => [part.dataset.segment, +part.style.flexGrow])"
        )
    )
    # The last of 100 for 8 threads: it waited for more than a second, wherever that was.
    assert shares["view"] > 50
    assert sum(shares.values()) - shares["view"] > 500
    rows = card.locator(".card-segments li").all_inner_texts()
    assert len(rows) == len(shares)
    finished.locator("[data-chart=inFlight] .chart").focus()
    finished.keyboard.press("ArrowRight")
    expect(card.locator(".card-lanes li")).to_have_count(3)
    expect(finished.locator("#reading")).to_contain_text("A ")


def test_a_selection_filters_the_table_until_escape(finished: Page) -> None:
    table = finished.locator("#result tbody")
    before = table.inner_text()
    box = finished.locator(".plot").first.bounding_box()
    assert box
    finished.mouse.move(box["x"] + box["width"] / 4, box["y"] + 60)
    finished.mouse.down()
    finished.mouse.move(box["x"] + box["width"] / 2, box["y"] + 60, steps=3)
    finished.mouse.up()
    expect(finished.locator("#selection")).to_contain_text("Selection")
    begin, end = finished.evaluate("window.liveburst.selection")
    axis = finished.evaluate("window.liveburst.waterfalls[0].axisEnd_ms")
    assert begin == pytest.approx(axis / 4, abs=axis / 100)
    assert end == pytest.approx(axis / 2, abs=axis / 100)
    cell = finished.locator("#result tr[data-lane='0'] [data-cell=requests]")
    expect(cell).not_to_have_text("300")
    finished.keyboard.press("Escape")
    expect(cell).to_have_text("300")
    assert table.inner_text() == before
    expect(finished.locator("#selection")).to_be_hidden()
    expect(finished.locator(".kpi.selected")).to_have_count(0)


def test_the_keyboard_moves_the_cursor(finished: Page) -> None:
    finished.locator(".plot").first.focus()
    reading = finished.locator("#reading")
    finished.keyboard.press("End")
    expect(reading).to_contain_text("A at ")
    finished.keyboard.press("Home")
    expect(reading).to_contain_text("A at 0 ms")
    finished.keyboard.press("Shift+ArrowRight")
    finished.keyboard.press("ArrowLeft")
    axis = finished.evaluate("window.liveburst.waterfalls[0].axisEnd_ms")
    cursor_ms = finished.evaluate("window.liveburst.cursor_ms")
    assert cursor_ms == pytest.approx(axis * 9 / 200)
    finished.keyboard.press("ArrowDown")
    expect(reading).to_contain_text("B at ")
    expect(finished.locator(".plot").nth(1)).to_be_focused()
    finished.keyboard.press("Escape")
    expect(finished.locator("#card")).to_be_hidden()


def test_every_chart_is_there_as_a_table(finished: Page) -> None:
    chart = finished.locator("[data-chart=inFlight]")
    chart.locator(".chart").focus()
    finished.keyboard.press("t")
    rows = chart.locator("tbody tr")
    expect(rows).to_have_count(25)
    chart.get_by_role("button", name="Next page").click()
    expect(chart.locator(".pager")).to_contain_text("page 2 of")
    finished.get_by_role("radio", name="Distribution").check()
    for name, first in (("ecdf", "p1"), ("heat", "sync@gunicorn-gthread"), ("shift", "10 %")):
        figure = finished.locator(f"[data-chart={name}]")
        figure.locator("summary").click()
        expect(figure.locator("tbody tr").first).to_contain_text(first)


def test_a_selection_filters_every_panel_and_stays_in_the_address(finished: Page) -> None:
    box = finished.locator(".plot").first.bounding_box()
    assert box
    finished.mouse.move(box["x"] + box["width"] / 2, box["y"] + 60)
    finished.mouse.down()
    finished.mouse.move(box["x"] + box["width"] * 3 / 4, box["y"] + 60, steps=3)
    finished.mouse.up()
    begin, end = finished.evaluate("window.liveburst.selection")
    finished.wait_for_function("() => window.liveburst.lines.inFlight[0][0] === null")
    axis = finished.evaluate("window.liveburst.waterfalls[0].axisEnd_ms")
    for chart in ("inFlight", "throughput", "latency", "threads"):
        values = finished.evaluate(f"window.liveburst.lines.{chart}[0]")
        step_ms = axis / (len(values) - 1)
        values_ = [i * step_ms for i, value in enumerate(values) if value is not None]
        assert values_
        assert begin - 1 <= min(values_)
        assert max(values_) <= end + 1
    assert finished.url.endswith(f"#{round(begin)}-{round(end)}")
    finished.get_by_role("radio", name="Distribution").check()
    # Who was done before has no curve: on a quiet machine, all but the slowest.
    expect(finished.locator("[data-chart=ecdf] path.curve")).to_have_count(
        len(lanes_done_within(finished, begin, end))
    )
    finished.reload()
    expect(finished.locator("#selection")).to_contain_text("Selection")
    finished.locator(".plot").first.dblclick(position={"x": 10, "y": 60})
    expect(finished.locator("#selection")).to_be_hidden()
    assert "#" not in finished.url


def test_the_shift_is_how_much_later_each_decile_comes(finished: Page) -> None:
    finished.get_by_role("radio", name="Distribution").check()
    shift = finished.locator("[data-chart=shift]")
    expect(shift.locator(".summary")).to_contain_text(re.compile("(earlier|later) than A"))
    expect(shift.locator(".summary")).to_contain_text("range over the rounds")  # three are too few
    expect(shift.locator("rect.bar")).to_have_count(18)


def test_the_cursor_is_announced_once_it_rests(finished: Page) -> None:
    finished.locator(".plot").first.focus()
    for _ in range(5):
        finished.keyboard.press("ArrowRight")
    milestones = finished.locator("#milestones")
    expect(milestones).to_contain_text("A at ")
    assert milestones.inner_text() == finished.locator("#reading").inner_text()
    expect(finished.locator("#reading")).not_to_have_attribute("aria-live", "polite")
