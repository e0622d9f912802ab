"""axe-core finds nothing, in any state of the page, light and dark, wide and narrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from .bench import fill, finish_everything, run_it, wait_for_status, wait_until_still
from .conftest import PATIENCE_MS, ROOT, listen

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
Scheme = Literal["light", "dark"]
Look = tuple[int, Scheme]
# Contrast is a matter of the scheme and layout one of the width: two looks show both of each.
LOOKS: list[Look] = [(1440, "light"), (390, "dark")]
OTHER: dict[Scheme, Scheme] = {"light": "dark", "dark": "light"}
# A scheme changes nothing but colours, so in a second one only these rules can find more.
OF_COLOURS = ["color-contrast", "link-in-text-block"]
# Contrasts take most of the time, so they are only examined in what a step has changed. Only
# violations are read, so that axe need not describe each element that passed a rule.
EXAMINE = """async ({place, rules, without}) => (await axe.run(place, {
  resultTypes: ['violations'],
  ...(rules.length && {runOnly: {type: 'rule', values: rules}}),
  rules: Object.fromEntries(without.map(rule => [rule, {enabled: false}])),
})).violations"""
PAGE = "html"


def violations(page: Page, changed: str = PAGE) -> list[str]:
    """Return axe-core's findings, a line per element.

    Colours are examined in `changed`: what is elsewhere looks as it did at the last examination.
    """
    if changed == PAGE:
        return _examine(page)
    return _examine(page, without=OF_COLOURS) + _examine(page, changed, OF_COLOURS)


def _examine(
    page: Page, place: str = PAGE, rules: Sequence[str] = (), without: Sequence[str] = ()
) -> list[str]:
    """Return axe-core's findings in a part of the page, by these rules or all without some."""
    if not page.evaluate("'axe' in window"):
        page.add_script_tag(path=AXE)
    options = {"place": place, "rules": [*rules], "without": [*without]}
    violations: list[dict[str, Any]] = page.evaluate(EXAMINE, options)
    return [
        f"{violation['id']}: {violation['help']}: {node['html']} {node['failureSummary']}"
        for violation in violations
        for node in violation["nodes"]
    ]


def violations_in_both_schemes(page: Page, scheme: Scheme) -> list[str]:
    """Return all findings in this scheme, and those of colours in the other one."""
    lines = violations(page)
    page.emulate_media(color_scheme=OTHER[scheme])
    lines += _examine(page, rules=OF_COLOURS)
    page.emulate_media(color_scheme=scheme)
    return lines


@pytest.fixture(scope="module")
def pages(browser: Browser, dashboard: str) -> Iterator[dict[int, Page]]:
    """A page of each width, opened once: a scheme is switched on it."""
    opened: dict[int, Page] = {}
    for width, _ in LOOKS:
        # axe is put into the page by the test: the policy that would refuse it has its own test.
        context = browser.new_context(viewport={"width": width, "height": 1000}, bypass_csp=True)
        context.set_default_timeout(PATIENCE_MS)
        opened[width] = context.new_page()
    yield opened
    for page in opened.values():
        page.context.close()


@pytest.fixture
def look(
    request: pytest.FixtureRequest,
    pages: dict[int, Page],
    dashboard: str,
    complaints: list[str],
) -> Iterator[Page]:
    """The empty bench in one of the looks; at the end there were no console errors."""
    width, scheme = request.param
    page = pages[width]
    page.emulate_media(color_scheme=scheme)
    listen(page, complaints)
    page.goto(dashboard)
    page.wait_for_selector("#connection[data-state=live]")
    yield page
    if page.locator("#queue [data-run]").count():
        finish_everything(page)
    assert not [complaint for complaint in complaints if "status of 404" not in complaint]


in_both_widths_and_schemes = pytest.mark.parametrize("look", LOOKS, indirect=True)


@in_both_widths_and_schemes
def test_nothing_is_found_on_the_empty_bench(look: Page) -> None:
    assert violations(look) == []
    fill(look)
    assert violations(look) == []


@in_both_widths_and_schemes
def test_nothing_is_found_while_a_run_lasts(look: Page) -> None:
    fill(look, requests=100, rounds=9)
    run_it(look)
    wait_for_status(look, "running")
    assert violations(look) == []


@in_both_widths_and_schemes
def test_nothing_is_found_on_a_finished_run(look: Page, dashboard: str, finished_run: str) -> None:
    look.goto(f"{dashboard}/runs/{finished_run}/")
    wait_until_still(look)
    assert violations(look) == []
    for tab in ("Distribution", "Over time", "Why", "Code"):
        look.get_by_role("radio", name=tab, exact=True).check()
        assert violations(look, "#panel") == []
    look.get_by_role("radio", name="Over time").check()
    look.get_by_label("Show as table: In flight").click()
    expect(look.locator("[data-chart=inFlight] tbody tr")).to_have_count(25)
    assert violations(look, "#panel") == []


@pytest.mark.parametrize(("look", "scheme"), [(look, look[1]) for look in LOOKS], indirect=["look"])
def test_nothing_is_found_elsewhere(look: Page, scheme: Scheme, dashboard: str) -> None:
    look.keyboard.press("?")
    expect(look.locator("dialog#help")).to_be_visible()
    assert violations_in_both_schemes(look, scheme) == []
    look.keyboard.press("Escape")
    fill(look, rounds=0)
    look.locator("#run-button").click()
    expect(look.locator("#error-rounds")).to_be_visible()
    assert violations_in_both_schemes(look, scheme) == []
    for path in ("/nowhere/", "/runs/", "/claims/", "/explore/", "/survey/", "/"):
        look.goto(dashboard + path)
        assert violations_in_both_schemes(look, scheme) == [], path
    expect(look.locator("#connection")).to_have_attribute("data-state", "live")
