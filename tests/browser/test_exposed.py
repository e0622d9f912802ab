"""An exposed dashboard in a browser: the login page, and what a viewer sees."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.management.proxied import PASSWORD, behind_nginx

from .conftest import PATIENCE_MS, listen
from .test_accessible import LOOKS, Look, violations

MARK = f"liveburst-test-exposed-page-{os.getpid()}"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a dashboard behind nginx, with an operator and a viewer."""
    directory, home = tmp_path_factory.mktemp("nginx"), tmp_path_factory.mktemp("home")
    with behind_nginx(directory, home, MARK) as address:
        yield address


@pytest.fixture(params=LOOKS, ids=lambda look: f"{look[0]} {look[1]}")
def page(
    request: pytest.FixtureRequest, browser: Browser, address: str, complaints: list[str]
) -> Iterator[Page]:
    """A browser without cookies at a run's address; at the end there were no console errors."""
    look: Look = request.param
    context = browser.new_context(
        viewport={"width": look[0], "height": 900},
        color_scheme=look[1],
        ignore_https_errors=True,
        bypass_csp=True,
    )
    context.set_default_timeout(PATIENCE_MS)
    opened = context.new_page()
    listen(opened, complaints)
    opened.goto(f"{address}/runs/?q=sleep")
    yield opened
    context.close()
    assert not complaints


def picture(page: Page, name: str) -> None:
    """Keep a picture, if the environment names a directory for it."""
    if directory := os.environ.get("LIVEBURST_PICTURES"):
        width = page.viewport_size["width"] if page.viewport_size else 0
        page.screenshot(path=Path(directory) / f"{name}-{width}.png")


def log_in(page: Page, name: str, password: str = PASSWORD) -> None:
    """Log in by keyboard alone: the first field has the focus, once the page is painted."""
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(password)
    page.keyboard.press("Enter")


def test_a_viewer_logs_in_by_keyboard_and_watches(page: Page, address: str) -> None:
    expect(page).to_have_title("Log in · Liveburst")
    assert violations(page) == []
    picture(page, "login")
    log_in(page, "bob", "a wrong password")
    expect(page.get_by_role("alert")).to_contain_text("The name or the password is wrong.")
    assert violations(page) == []
    picture(page, "login-wrong")
    page.keyboard.type(PASSWORD)  # the name is still there, and the password has the focus
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{address}/runs/?q=sleep")
    page.get_by_role("link", name="Bench").click()
    page.wait_for_selector("#connection[data-state=live]")
    expect(page.get_by_text("You are watching: firing needs an operator.")).to_be_visible()
    assert page.locator("button", has_text="Run").count() == 0
    assert page.locator("button", has_text="Fire").count() == 0
    page.keyboard.press("r")  # starts nothing
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    picture(page, "viewer")
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_title("Log in · Liveburst")


def test_an_operator_has_the_audit_list(page: Page) -> None:
    log_in(page, "alice")
    page.get_by_role("link", name="Audit").click()
    expect(page.get_by_role("cell", name="logged in").first).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    picture(page, "audit")
