"""axe-core finds nothing, in any state of the page, light and dark, wide and narrow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from .bench import fill, finish_everything, fire, wait_for_bars, wait_for_status
from .conftest import ROOT, listen

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
LOOKS = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]
# Contrast is a matter of the scheme and layout one of the width: two looks show both of each.
DIAGONAL = [LOOKS[0], LOOKS[3]]


def violations(page: Page) -> list[str]:
    """Return axe-core's findings, a line per element."""
    page.add_script_tag(path=AXE)
    violations: list[dict[str, Any]] = page.evaluate("async () => (await axe.run()).violations")
    return [
        f"{violation['id']}: {violation['help']}: {node['html']} {node['failureSummary']}"
        for violation in violations
        for node in violation["nodes"]
    ]


@pytest.fixture(params=LOOKS)
def look(
    request: pytest.FixtureRequest, browser: Browser, dashboard: str, complaints: list[str]
) -> Iterator[Page]:
    """The empty bench in one of the four looks."""
    width, scheme = request.param
    # axe is put into the page by the test: the policy that would refuse it has a test of its own.
    context = browser.new_context(
        viewport={"width": width, "height": 1000}, color_scheme=scheme, bypass_csp=True
    )
    page = context.new_page()
    listen(page, complaints)
    page.goto(dashboard)
    page.wait_for_selector("#connection[data-state=live]")
    yield page
    finish_everything(page)
    context.close()
    assert not [complaint for complaint in complaints if "status of 404" not in complaint]


@pytest.mark.parametrize("look", DIAGONAL, indirect=True)
def test_nothing_is_found_on_the_bench(look: Page) -> None:
    assert violations(look) == []
    fill(look)
    assert violations(look) == []
    fire(look, 100)
    wait_for_status(look, "running")
    assert violations(look) == []
    wait_for_status(look, "finished")
    wait_for_bars(look, 100)
    for tab in ("Distribution", "Over time", "Why", "Code"):
        look.get_by_role("radio", name=tab, exact=True).check()
        assert violations(look) == []
    look.get_by_role("radio", name="Over time").check()
    look.get_by_label("Show as table: In flight").click()
    expect(look.locator("[data-chart=inFlight] tbody tr")).to_have_count(25)
    assert violations(look) == []


def test_nothing_is_found_elsewhere(look: Page, dashboard: str) -> None:
    look.keyboard.press("?")
    expect(look.locator("dialog#help")).to_be_visible()
    assert violations(look) == []
    look.keyboard.press("Escape")
    fill(look, rounds=0)
    look.locator("#run-button").click()
    expect(look.locator("#error-rounds")).to_be_visible()
    assert violations(look) == []
    for path in ("/nowhere/", "/runs/", "/claims/", "/explore/", "/"):
        look.goto(dashboard + path)
        assert violations(look) == [], path
    expect(look.locator("#connection")).to_have_attribute("data-state", "live")
