"""Long waits: growing bars, the queue, and Stop."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from .bench import choose_lanes, fill, reach, run_it, wait_for_status, waterfalls
from .conftest import OpenPage


@pytest.fixture
def slow(page: Page) -> Page:
    """A bench on which each request takes three seconds."""
    choose_lanes(page, "async@daphne")
    page.get_by_role("button", name="Delay 3 s").click()
    fill(page, requests=10, rounds=2)
    return page


@pytest.fixture
def very_slow(slow: Page) -> Page:
    """A bench on which a request takes six seconds, so that what ends within five was ended."""
    slow.locator("#parameter_delay").fill("6")
    return slow


def wait_until_it_grew(page: Page, to_ms: int) -> None:
    """Wait until all bars of any counted round are in flight and that long."""
    page.wait_for_function(
        """to => {
          const [lane] = window.liveburst.waterfalls;
          return lane.round >= 1 && lane.begun === 10 && lane.finished === 0 && lane.now_ms >= to;
        }""",
        arg=to_ms,
    )


def test_bars_grow_while_the_run_lasts(slow: Page) -> None:
    run_it(slow)
    seen = []
    for to_ms in (500, 1000, 2000):  # of a wait of 3 s
        wait_until_it_grew(slow, to_ms)
        (lane,) = waterfalls(slow)
        seen.append(reach(slow, 0))
        assert seen[-1] >= 1000 * to_ms / lane["axisEnd_ms"] - 2
    assert seen == sorted(seen)
    assert seen[0] < seen[-1]


def test_bars_grow_on_after_a_reload(slow: Page) -> None:
    run_it(slow)
    wait_until_it_grew(slow, 500)
    slow.reload()
    wait_until_it_grew(slow, 1000)
    wait_until_it_grew(slow, 2500)


def test_stop_keeps_what_there_was(very_slow: Page) -> None:
    slow = very_slow
    run_it(slow)
    wait_until_it_grew(slow, 300)
    slow.locator("#stop-button").click()
    wait_for_status(slow, "stopped", timeout_s=5)
    expect(slow.locator("#state")).to_have_text("stopped")
    expect(slow.locator("#headline")).to_contain_text("kept")
    expect(slow.locator("#stage .summary").first).to_contain_text("0 of 10 after")
    expect(slow.locator("#stage .summary").first).to_contain_text("10 cut off by Stop")
    assert waterfalls(slow)[0]["failed"] == 0
    expect(slow.locator("#result [data-cell=errors]")).to_have_text("0; 10 cut off")
    warning = slow.locator("#result .warning").filter(has_text="10 cut off by Stop")
    expect(warning).to_have_count(1)
    expect(slow.locator("#stop-button")).to_be_hidden()


def test_a_second_run_is_shown_as_queued_on_every_page(slow: Page, open_page: OpenPage) -> None:
    fill(slow, rounds=5)
    first = run_it(slow)
    wait_for_status(slow, "running")
    other = open_page()
    second = run_it(other)
    for page in (slow, other):
        chips = page.locator("#queue [data-run]")
        expect(chips).to_have_count(2)
        expect(page.locator(f"#queue [data-run='{second}']")).to_have_attribute(
            "data-status", "waiting"
        )
    expect(other.locator("#state")).to_have_text("queued")
    expect(other.locator("#progress")).to_contain_text("queued")

    slow.bring_to_front()  # a tab behind another draws nothing, and is slow to be clicked
    slow.locator(f"#queue [data-run='{second}'] button").click()
    for page in (slow, other):
        expect(page.locator("#queue [data-run]")).to_have_count(1)
        expect(page.locator(f"#queue [data-run='{first}']")).to_have_count(1)
    expect(other.locator("#state")).to_have_text("stopped")
    assert slow.evaluate("window.liveburst.status") == "running"


def test_a_queued_run_gets_its_turn(very_slow: Page, open_page: OpenPage) -> None:
    slow = very_slow
    run_it(slow)
    wait_for_status(slow, "running")
    other = open_page()
    choose_lanes(other, "async@daphne")
    fill(other, requests=10, rounds=1)
    run_it(other)
    expect(other.locator("#state")).to_have_text("queued")
    slow.keyboard.press("s")
    wait_for_status(slow, "stopped", timeout_s=5)
    wait_for_status(other, "finished")
    expect(other.locator("#headline")).not_to_contain_text("Queued")
