"""Every address of the dashboard as a viewer sees it: nothing changes, nothing can be pressed."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.apps import apps
from django.test import AsyncClient

from dashboard.accounts import Role
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.web.access.audit import ACTIONS, NOT_LISTED
from dashboard.web.access.roles import Access, set_access
from tests.web.access.test_exposed_gate import ADDRESSES

pytestmark = pytest.mark.django_db(transaction=True)
READING = {path for path, name in ADDRESSES.items() if name not in {"login", "logout", "audit"}}
WRITES = {"post", "put", "patch", "delete"}


class Writing(HTMLParser):
    """Collects the elements of a page that would send something else than a GET."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that writes."""
        values = dict(attrs)
        by_htmx = any(f"hx-{method}" in values for method in WRITES)
        by_form = tag == "form" and (values.get("method") or "").lower() in WRITES
        outside = tag == "button" and values.get("form") == "fire-form"
        if by_htmx or by_form or outside:
            self.found.append(f"{tag} {values}")


def writing_elements(page: str) -> list[str]:
    """Return the elements that write, except for the one that logs out."""
    parser = Writing()
    parser.feed(page)
    return [element for element in parser.found if "/logout/" not in element]


def as_role(browser: AsyncClient, role: Role) -> AsyncClient:
    """Let requests come from a user with this role, as the gate would."""
    handler: Any = browser.handler

    async def handle(scope: dict[str, Any]) -> Any:
        set_access(scope, Access("someone", role, "192.0.2.7", can_log_out=True))
        return await handler(scope)

    browser.handler = handle  # type: ignore[assignment]
    return browser


async def everything_stored() -> dict[str, list[Any]]:
    """Return all rows of all tables."""
    stored = {}
    for model in apps.get_app_config("dashboard").get_models():
        rows = model._default_manager.order_by("pk").values()
        stored[model.__name__] = [row async for row in rows]
    return stored


@pytest.fixture
async def run_id(laboratory: Laboratory) -> str:
    """A run that has ended."""
    plan = make_plan(laboratory.project, scenario="sleep", requests=40, rounds=2, seed=1)
    run = await laboratory.start(plan)
    await laboratory.outcome(run)
    return run.pk


async def test_a_get_changes_nothing_and_offers_a_viewer_nothing(
    browser: AsyncClient, run_id: str
) -> None:
    as_role(browser, Role.VIEWER)
    before = await everything_stored()
    shown = 0
    for path in sorted(READING):
        answer = await browser.get(path.replace("/runs/x/", f"/runs/{run_id}/"))
        assert answer.status_code in {200, 404, 405, 422}, path
        if answer.status_code == 200 and "text/html" in answer["Content-Type"]:
            shown += 1
            assert writing_elements(answer.content.decode()) == [], path
        name = ADDRESSES[path]
        writes = name in ACTIONS or name in NOT_LISTED
        assert answer.status_code != 405 or writes, f"{path} needs a word in the audit list"
    assert shown > 10
    assert await everything_stored() == before


async def test_an_operator_has_the_buttons(browser: AsyncClient, run_id: str) -> None:
    as_role(browser, Role.OPERATOR)
    for path in ("/", f"/runs/{run_id}/", "/runs/", "/claims/", "/explore/", "/survey/", "/xray/"):
        text = (await browser.get(path)).content.decode()
        assert writing_elements(text), path
        assert re.search(r'href="/audit/"', text)
