"""The tab Where of a sampled run: lines, flame graphs, its own page, and in a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from .bench import fire, wait_for_status
from .conftest import OpenPage
from .test_accessible import violations


@pytest.fixture
def where(open_page: OpenPage, sampled_run: str) -> Page:
    """The tab of the run at its address."""
    page = open_page(f"/runs/{sampled_run}/")
    page.get_by_role("radio", name="Where", exact=True).check()
    return page


def shown_frames(page: Page) -> list[str]:
    """Return the frames of the first graph that are to be seen, in the order of their rows."""
    names: list[str] = page.locator(".flame").first.evaluate(
        """graph => [...graph.querySelectorAll('.frame:not([hidden])')]
          .filter(frame => frame.getBoundingClientRect().width > 0)
          .map(frame => frame.querySelector('text').firstChild.data.trim())"""
    )
    return names


def test_the_lines_of_a_lane_are_in_its_tab_with_their_source(
    where: Page, complaints: list[str]
) -> None:
    lane = where.locator(".where-lane").first
    expect(lane.locator(".where-sentence")).to_contain_text("81 % of the time in views")
    row = lane.locator(".where-lines tbody tr").first
    expect(row).to_contain_text("shop/views.py:42")
    expect(row).to_contain_text("requests.get")
    widths = row.locator("rect").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().width / one.parentNode.clientWidth)"
    )
    assert widths == [pytest.approx(0.81, abs=0.01)]
    expect(lane.locator(".code mark").first).to_contain_text("requests.get")
    expect(where.locator("#over-time")).to_be_hidden()
    assert not complaints


def test_a_flame_graph_is_read_and_zoomed_by_keyboard(where: Page, complaints: list[str]) -> None:
    figure = where.locator(".flame-figure").first
    graph, reading = figure.locator(".flame"), figure.locator("[data-reading]")
    every = shown_frames(where)
    graph.focus()
    where.keyboard.press("ArrowDown")
    expect(reading).to_contain_text("blocking: 4.05 s, 81 % of the time")
    where.keyboard.press("ArrowDown")
    expect(reading).to_contain_text("report shop/views.py:42: 4.05 s")
    expect(where.locator("#milestones")).to_contain_text("report shop/views.py:42")
    where.keyboard.press("Enter")
    assert shown_frames(where) == ["all requests", "blocking", "report", "get", "getresponse"]
    where.keyboard.press("Escape")
    assert shown_frames(where) == every
    where.keyboard.press("ArrowRight")
    expect(reading).to_contain_text("all requests")  # nothing beside the whole
    where.keyboard.press("t")
    expect(figure.locator("tbody tr").first).to_contain_text("report")
    assert not complaints


def test_a_flame_graph_is_zoomed_by_a_click(where: Page, complaints: list[str]) -> None:
    graph = where.locator(".flame").first
    graph.locator(".frame[data-depth='1']").last.click(force=True)
    assert shown_frames(where)[:2] == ["all requests", "awaiting"]
    graph.locator(".frame").first.click(force=True)
    assert len(shown_frames(where)) > 5
    assert not complaints


def test_other_lanes_are_laid_side_by_side(where: Page, complaints: list[str]) -> None:
    where.locator("#where-second").select_option("C")
    where.get_by_role("button", name="Compare", exact=True).click()
    expect(where.locator(".where-pair")).to_contain_text("A and C side by side")
    assert not complaints


def test_a_sampling_has_its_place_in_the_queue_and_is_stopped_by_keyboard(page: Page) -> None:
    fire(page, 10)
    wait_for_status(page, "finished")
    page.get_by_role("radio", name="Where", exact=True).check()
    page.get_by_role("button", name="Sample all lanes").click()
    chip = page.locator("#queue [data-run]")
    expect(chip).to_contain_text("where: sleep")
    expect(chip.get_by_role("button")).to_have_count(1)
    stop = page.get_by_role("button", name="Stop sampling")
    stop.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#where")).to_contain_text("Stopped. What was sampled before is kept.")
    expect(chip).to_have_count(0)
    expect(page.get_by_role("button", name="Sample all lanes")).to_be_visible()


def test_the_page_of_its_own_needs_no_script(
    browser: Browser, dashboard: str, sampled_run: str
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{dashboard}/runs/{sampled_run}/where/")
    expect(page.locator(".where-lines").first).to_contain_text("shop/views.py:42")
    page.goto(f"{dashboard}/runs/{sampled_run}/")
    page.get_by_role("radio", name="Where", exact=True).check()
    expect(page.locator(".where-lines").first).to_be_visible()
    context.close()


def test_the_file_of_the_run_has_the_tab(
    where: Page, browser: Browser, sampled_run: str, dashboard: str, tmp_path: Path
) -> None:
    file = tmp_path / "run.html"
    file.write_bytes(where.request.get(f"{dashboard}/runs/{sampled_run}/export/html").body())
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto(file.as_uri())
    page.get_by_role("radio", name="Where", exact=True).check()
    expect(page.locator(".where-pair")).to_have_count(2)
    page.locator(".flame").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("[data-reading]").first).to_contain_text("blocking: 4.05 s")
    expect(page.locator(".where button")).to_have_count(0)
    page.get_by_role("radio", name="Over time", exact=True).check()
    expect(page.locator(".where-lines").first).to_be_hidden()
    page.emulate_media(media="print")
    expect(page.locator(".where-lines").first).to_be_visible()
    context.close()


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (1100, "dark"), (390, "dark")])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    browser: Browser, dashboard: str, sampled_run: str, width: int, scheme: str
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 1000},
        bypass_csp=True,  # axe is put into the page by the test
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    page = context.new_page()
    for path in (f"/runs/{sampled_run}/where/", f"/runs/{sampled_run}/"):
        page.goto(dashboard + path)
        if path.endswith(f"{sampled_run}/"):
            page.get_by_role("radio", name="Where", exact=True).check()
        for summary in page.locator(".flame-figure summary").all():
            summary.click()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    context.close()
