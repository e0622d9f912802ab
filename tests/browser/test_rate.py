"""A rate on the page: chosen, fired, drawn to the end of its schedule, fired again."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from .bench import choose_lanes, fill, run_it, wait_for_bars, wait_for_status

# Over 3 s a backlog that grows is 75 ms: less is what a busy machine does to a lane that keeps up.
RATE, DURATION_S, DELAY_S = 40, 3, 0.05
REQUESTS = 120


def choose_rate(page: Page, *lanes: str) -> None:
    choose_lanes(page, *lanes)
    page.get_by_role("radio", name="Rate").check()
    fill(page, rate=RATE, duration=DURATION_S, rounds=1, parameter_delay=DELAY_S)


def test_only_the_fields_of_the_chosen_load_are_shown(page: Page) -> None:
    fill(page)
    expect(page.locator("#requests")).to_be_visible()
    expect(page.locator("#rate")).to_be_hidden()
    page.get_by_role("radio", name="Rate").check()
    expect(page.locator("#requests")).to_be_hidden()
    for name in ("rate", "duration", "rounds"):
        expect(page.locator(f"#{name}")).to_be_visible()
    expect(page.get_by_label("random arrivals (Poisson)")).to_be_visible()


def test_the_estimate_follows_the_rates_length(page: Page) -> None:
    fill(page)
    page.get_by_role("radio", name="Rate").check()
    fill(page, duration=7, rounds=2)
    page.locator("#seed").focus()
    # Servers that do not run yet take a few seconds more.
    expect(page.locator("#estimate")).to_have_text(
        re.compile(r"^takes about \d\d s(, of which .+)?: 7 s × 3 lanes × 2 rounds$")
    )


def test_a_rate_is_drawn_judged_and_fired_again(page: Page) -> None:
    choose_rate(page, "async@daphne", "sync@gunicorn-sync")
    run_it(page)
    wait_for_bars(page, REQUESTS)
    wait_for_status(page, "finished")
    # One worker does at most twenty a second, whatever is offered.
    expect(page.locator("#headline")).to_have_text(
        re.compile(r"async@daphne kept up .+; sync@gunicorn-sync achieved (1\d|20)(\.\d+)?/s")
    )
    rows = page.locator("#result tbody tr")
    behind = rows.filter(has_text="sync@gunicorn-sync")
    fine = rows.filter(has_text="async@daphne")
    for cell in ("p50", "p95", "service_p95", "ratio"):
        expect(behind.locator(f"[data-cell={cell}]")).to_have_text("–")
    expect(behind.locator("[data-cell=achieved]")).to_have_text(re.compile(r"^\d+(\.\d+)?/s$"))
    expect(fine.locator("[data-cell=requests]")).to_have_text(str(REQUESTS))
    drawn = page.evaluate("window.liveburst.waterfalls")
    # 120 requests of 0.05 s, one after another.
    assert {waterfall["axisEnd_ms"] >= 6_000 for waterfall in drawn} == {True}
    expect(page.locator(".waterfall .theory").first).to_contain_text("end of the rate")
    page.reload()
    wait_for_bars(page, REQUESTS)
    fill(page)
    expect(page.get_by_role("radio", name="Rate")).to_be_checked()
    expect(page.locator("#rate")).to_have_value(str(RATE))
    expect(page.locator("#duration")).to_have_value(str(DURATION_S))


def test_a_rate_out_of_bounds_has_a_message_beside_its_field(page: Page) -> None:
    choose_rate(page, "async@daphne")
    fill(page, rate=0)
    page.locator("#run-button").click()
    expect(page.locator("#error-rate")).to_contain_text("expected above 0")
    expect(page.locator("#rate")).to_have_attribute("aria-invalid", "true")


def test_the_engine_is_measured_at_the_start_and_by_a_button(page: Page) -> None:
    fill(page)
    line = page.locator("#instrument")
    pattern = re.compile(r"Load generator: adds [\d.]+ ms, up to [\d,]+ requests/s, measured")
    expect(line).to_contain_text(pattern)
    for _ in range(5):  # it fails with a message while the machine is too busy
        line.get_by_role("button", name="Measure again").click()
        expect(line).not_to_have_class(re.compile("htmx-request"), timeout=20_000)
        if line.get_by_role("status").count() == 0:
            break
    expect(line).to_contain_text("just now")
