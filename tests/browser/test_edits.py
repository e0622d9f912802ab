"""What is typed while a response is on its way survives the swap that replaces its form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Locator, Page, expect

from .bench import choose_lanes, fill, run_it, wait_for_status
from .conftest import OpenPage

FIRE = re.compile(r"/runs/$")
SWEEP = re.compile(r"/explore/sweep/$")
FORM = re.compile(r"/fire/\?scenario=mixed$")


@contextmanager
def held(page: Page, address: re.Pattern[str]) -> Iterator[None]:
    """Hold back requests to an address until the end of the block, which begins with the first."""
    page.route(address, lambda _: None)
    yield
    page.unroute(address)  # lets through what was held


def field(page: Page, name: str) -> Locator:
    return page.locator(f"#fire [name={name}]")


def test_a_late_refusal_keeps_what_was_typed_since_the_press(page: Page) -> None:
    fill(page, requests=0, timeout=20)
    baseline = field(page, "lanes").first
    with held(page, FIRE):
        with page.expect_request(FIRE):
            page.locator("#run-button").click()
        fill(page, rounds=7)
        baseline.uncheck()
        field(page, "guess").select_option("nobody")
        field(page, "seed").press_sequentially("12")
    expect(page.locator("#error-requests")).to_contain_text("found 0")
    expect(field(page, "requests")).to_have_value("0")
    expect(field(page, "seed")).to_be_focused()
    page.keyboard.type("3")
    for name, value in {"seed": "123", "rounds": "7", "timeout": "20", "guess": "nobody"}.items():
        expect(field(page, name)).to_have_value(value)
    expect(baseline).not_to_be_checked()


def test_a_field_that_is_corrected_before_its_refusal_has_an_estimate(page: Page) -> None:
    fill(page, parameter_delay=99, rounds=2)
    with held(page, FIRE):
        with page.expect_request(FIRE):
            page.locator("#run-button").click()
        field(page, "parameter_delay").fill("1")
        field(page, "load").nth(1).check()
        field(page, "rate").fill("30")
    expect(page.locator("#error-parameter_delay")).to_contain_text("found 99")
    expect(page.locator("#fire details.more")).to_have_attribute("open", "")
    expect(field(page, "load").nth(1)).to_be_checked()
    expect(page.locator("#estimate")).to_contain_text("5 s × 3 lanes × 2 rounds")
    expect(page.locator("#fire-words")).to_contain_text("delay 1 s · 30 requests per second")


def test_a_refusal_takes_the_focus_to_its_field_unless_it_has_moved(page: Page) -> None:
    fill(page, requests=0)
    field(page, "seed").focus()
    page.keyboard.press("Enter")
    expect(field(page, "requests")).to_be_focused()
    with held(page, FIRE):
        with page.expect_request(FIRE):
            page.keyboard.press("Enter")
        field(page, "rounds").focus()
    expect(page.locator("#error-requests")).to_be_visible()
    expect(field(page, "rounds")).to_be_focused()


def test_what_is_typed_while_a_run_starts_survives_the_form_without_its_message(page: Page) -> None:
    fill(page, requests=0)
    page.locator("#run-button").click()
    expect(page.locator("#error-requests")).to_be_visible()
    choose_lanes(page, "async@daphne")
    fill(page, requests=10, rounds=1)
    with held(page, FIRE):
        with page.expect_request(FIRE):
            page.locator("#run-button").click()
        fill(page, seed=12)
    page.wait_for_function("() => window.liveburst.run?.id")
    expect(page.locator("#error-requests")).to_have_count(0)
    expect(field(page, "seed")).to_have_value("12")
    wait_for_status(page, "finished")


def test_another_scenario_brings_its_numbers_and_keeps_what_is_typed_after(page: Page) -> None:
    fill(page, rounds=7)
    with held(page, FORM):
        with page.expect_request(FORM):
            page.locator("#scenario").select_option("mixed")
        fill(page, seed=12)
    expect(page.locator("#fire [value='bridged-threads@daphne']")).to_be_checked()
    expect(field(page, "seed")).to_have_value("12")
    expect(field(page, "rounds")).not_to_have_value("7")


def test_notes_survive_the_end_of_their_run_and_a_press_of_another_button(page: Page) -> None:
    choose_lanes(page, "async@daphne")
    fill(page, requests=10, rounds=1, parameter_delay=2)
    run_it(page)
    page.locator("#to-copy summary").click()
    page.get_by_text("Name and notes").click()
    notes = page.locator("#run-tools textarea[name=notes]")
    notes.press_sequentially("worth ")
    wait_for_status(page, "finished")
    expect(page.locator("#result .replay")).to_contain_text("Replay")  # the result was fetched
    expect(notes).to_be_focused()
    expect(page.locator("#to-copy")).to_have_attribute("open", "")  # with nothing typed in it
    page.keyboard.type("keeping")
    page.get_by_role("button", name="Pin as baseline").click()
    expect(page.get_by_role("button", name="Unpin")).to_be_visible()
    expect(notes).to_be_visible()
    expect(notes).to_have_value("worth keeping")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#run-tools details").first).not_to_have_attribute("open", "")
    page.get_by_role("button", name="Unpin").click()
    expect(page.get_by_role("button", name="Pin as baseline")).to_be_visible()
    page.reload()
    expect(notes).to_have_value("worth keeping")


def test_notes_are_saved_when_another_run_or_page_takes_their_place(page: Page) -> None:
    choose_lanes(page, "async@daphne")
    fill(page, requests=10, rounds=1)
    first = run_it(page)
    wait_for_status(page, "finished")
    expect(page.locator("#result .replay")).to_contain_text("Replay")
    page.get_by_text("Name and notes").click()
    notes = page.locator("#run-tools textarea[name=notes]")
    notes.fill("before another run")
    run_it(page)
    expect_saved(page, first, "before another run")
    wait_for_status(page, "finished")
    page.goto(page.url.partition("/runs/")[0] + f"/runs/{first}/")
    expect(notes).to_have_value("before another run")
    page.get_by_text("Name and notes").click()
    notes.fill("before another page")
    page.get_by_role("link", name="Claims", exact=True).click()
    page.wait_for_url("**/claims/")
    expect_saved(page, first, "before another page")


def expect_saved(page: Page, run: str, notes: str) -> None:
    """Wait until the run's page has these notes: what is saved in passing is not waited for."""
    page.wait_for_function(
        "async ([run, notes]) => (await (await fetch(`/runs/${run}/`)).text()).includes(notes)",
        arg=[run, notes],
    )


def test_a_late_refusal_of_a_sweep_keeps_its_fields(open_page: OpenPage) -> None:
    page = open_page("/explore/")
    page.locator("#sweep-rounds").fill("1")
    ticked = page.locator("#sweep-form [name=lanes]").first
    with held(page, SWEEP):
        with page.expect_request(SWEEP):
            page.get_by_role("button", name="Run the sweep").click()
        page.locator("#sweep-requests").fill("77")
        ticked.uncheck()
    expect(page.locator("#error-sweep-rounds")).to_be_visible()
    expect(page.locator("#sweep-requests")).to_have_value("77")
    expect(ticked).not_to_be_checked()
