"""The page itself: keyboard, connection, narrow screens, policy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from .bench import (
    SENTENCE,
    finish_everything,
    fire,
    picture,
    wait_for_bars,
    wait_for_status,
    wait_until_still,
)
from .conftest import PATIENCE_MS, OpenPage, listen


def test_the_keyboard_runs_and_helps(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("r")  # not while the help is open
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_hidden()
    assert page.evaluate("window.liveburst.run?.id ?? null") is None
    page.keyboard.press("r")
    wait_for_status(page, "running", "finished")
    page.keyboard.press("s")
    wait_for_status(page, "stopped", "finished")


def test_the_keyboard_can_be_switched_off(page: Page) -> None:
    page.keyboard.press("?")
    page.locator("#keys-on").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    page.wait_for_selector("#connection[data-state=live]")
    page.keyboard.press("?")
    page.keyboard.press("r")
    expect(page.locator("#help")).to_be_hidden()
    assert page.evaluate("window.liveburst.run?.id ?? null") is None


def test_letters_in_a_field_are_letters(page: Page) -> None:
    page.locator("#parameter_delay").focus()
    page.keyboard.press("r")
    page.keyboard.press("s")
    expect(page.locator("#queue [data-run]")).to_have_count(0)
    assert page.evaluate("window.liveburst.run?.id ?? null") is None


def test_a_lost_connection_is_shown_and_restored(page: Page, open_page: OpenPage) -> None:
    run = fire(page, 100)
    page.wait_for_function("() => window.liveburst.round >= 1")
    lost: list[WebSocketRoute] = []
    other = page.context.new_page()

    def connect(route: WebSocketRoute) -> None:
        if not lost:
            lost.append(route)
        route.connect_to_server()

    other.route_web_socket("**/ws/", connect)
    other.goto(page.url)
    other.wait_for_function("() => window.liveburst.waterfalls.some(one => one.begun)")
    assert lost
    lost[0].close()
    # Both at once: a moment later it is made good.
    text = other.locator("body.stale #connection-text")
    expect(text).to_contain_text("reconnecting, last data")
    expect(other.locator("#connection")).to_have_attribute("data-state", "live")
    wait_for_status(other, "finished")
    wait_for_status(page, "finished")
    assert page.url.endswith(f"{run}/")
    for viewer in (page, other):
        wait_for_bars(viewer, 100)
        expect(viewer.locator("#headline")).to_contain_text(SENTENCE)
    assert picture(other) == picture(page)


def test_milestones_are_said_to_a_screen_reader(page: Page) -> None:
    fire(page, 10)
    wait_for_status(page, "finished")
    text = page.locator("#milestones")
    expect(text).to_have_attribute("aria-live", "polite")
    expect(text).to_contain_text("finished")


def test_the_policy_allows_neither_inline_scripts_nor_eval(page: Page, dashboard: str) -> None:
    response = page.request.get(dashboard)
    policy = response.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy


def test_a_missing_page_has_a_message(open_page: OpenPage, complaints: list[str]) -> None:
    page = open_page("/runs/no-such-run/", live=False)
    expect(page.locator("h1")).to_have_text("404")
    page.get_by_role("link", name="Back to the bench").click()
    expect(page.locator("#stage")).to_have_attribute("data-status", "empty")


@pytest.fixture(scope="module")
def phone_page(browser: Browser) -> Iterator[Page]:
    """A page on a phone, in the dark."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844},
        device_scale_factor=3,
        has_touch=True,
        color_scheme="dark",
    )
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


@pytest.fixture
def phone(phone_page: Page, dashboard: str, complaints: list[str]) -> Iterator[Page]:
    """The empty bench on a phone."""
    listen(phone_page, complaints)
    phone_page.goto(dashboard)
    phone_page.wait_for_selector("#connection[data-state=live]")
    yield phone_page
    finish_everything(phone_page)
    assert not complaints


@pytest.fixture
def finished_on_phone(phone: Page, dashboard: str, finished_run: str) -> Page:
    """The finished run on that phone."""
    phone.goto(f"{dashboard}/runs/{finished_run}/")
    wait_until_still(phone)
    return phone


def test_a_phone_shows_all_lanes_below_each_other_on_one_axis(finished_on_phone: Page) -> None:
    phone = finished_on_phone
    boxes = [figure.bounding_box() for figure in phone.locator("#waterfalls .plot").all()]
    assert len({(box["x"], box["width"]) for box in boxes if box}) == 1
    tops = [box["y"] for box in boxes if box]
    assert len(tops) == 3
    assert tops == sorted(tops)
    # Above Run, which is at the bottom of the screen.
    run = phone.locator("#run-button").bounding_box()
    last = boxes[-1]
    assert run
    assert last
    assert last["y"] + last["height"] <= run["y"]
    assert len(set(picture(phone))) == 3
    assert len({lane["axisEnd_ms"] for lane in phone.evaluate("window.liveburst.waterfalls")}) == 1


def test_a_phone_never_scrolls_sideways_and_has_room_for_a_thumb(
    phone: Page, dashboard: str, finished_run: str
) -> None:
    for stage in ("empty", "finished"):
        if stage == "finished":
            phone.goto(f"{dashboard}/runs/{finished_run}/")
        expect(phone.locator("#stage")).to_have_attribute("data-status", stage)
        assert phone.evaluate("document.documentElement.scrollWidth") <= 390
        box = phone.locator("#run-button").bounding_box()
        assert box
        assert box["height"] >= 44
        assert box["y"] + box["height"] <= 844


def test_a_phone_shows_the_charts_in_one_column(finished_on_phone: Page) -> None:
    phone = finished_on_phone
    phone.get_by_role("radio", name="Why").tap()
    charts = phone.locator("#why figure")
    boxes = [box for box in (chart.bounding_box() for chart in charts.all()) if box]
    assert len(boxes) == 6
    assert len({box["x"] for box in boxes}) == 1
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    # Three pixels to the point is more than the eye needs: two are painted.
    canvas = charts.first.locator("canvas")
    canvas.scroll_into_view_if_needed()
    phone.wait_for_function(
        "one => one.width === Math.round(2 * one.parentElement.clientWidth)",
        arg=canvas.element_handle(),
    )
