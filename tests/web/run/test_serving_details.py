"""The serving details of a lane: versions, their origin, and what is unknown."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import AsyncClient

from dashboard.models import Run, RunLane
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.web.run.serving_details import serving_details
from tests.web.bench.test_runs import finished

STARTED = {
    "command": ["/opt/shop/python", "-m", "gunicorn", "shop.wsgi:application"],
    "probe": True,
    "packages": {
        "gunicorn": {"version": "26.0", "from": "the project's environment"},
        "uvicorn": {"version": "0.40", "from": "/var/liveburst/servers/cpython-39/uvicorn"},
    },
    "versions": {"python": "3.9.18", "django": "4.2.1", "gunicorn": "26.0"},
    "version": {"name": "before", "revision": "HEAD~1", "directory": "/tmp/x"},
    "cores": [1],
    "backlog": 2048,
    "keep_alive_s": 2,
}
RUNNING = {"probe": False, "url": "http://127.0.0.1:8001", "command": [], "cores": []}


async def served_with(laboratory: Laboratory, facts: dict[str, Any]) -> tuple[Run, str]:
    """Return a run whose first lane has these facts, and its details in words."""
    run = await finished(laboratory)
    await RunLane.objects.filter(run=run, position=0).aupdate(facts=facts)
    lanes = [lane async for lane in run.lanes.all()]
    assert lanes[0].facts == facts
    run = await Run.objects.prefetch_related("lanes").aget(pk=run.pk)
    return run, " · ".join(serving_details(run)[0].words)


async def test_each_package_has_its_origin(laboratory: Laboratory) -> None:
    _, words = await served_with(laboratory, STARTED)
    for expected in (
        "gunicorn 26.0 from the project's environment",
        "uvicorn 0.40 from /var/liveburst/servers/cpython-39/uvicorn",
        "Python 3.9.18, Django 4.2.1",
        "code version before: HEAD~1",
        "on core 1 · backlog 2048 · keep-alive 2 s",
    ):
        assert expected in words


async def test_djangos_own_application_is_marked(laboratory: Laboratory) -> None:
    facts = {**STARTED, "interface": "asgi", "application": "liveburst_django:asgi"}
    _, words = await served_with(laboratory, facts)
    assert "Django's own get_asgi_application(), because the project has no module for it" in words
    _, words = await served_with(laboratory, {**facts, "application": "shop.asgi:application"})
    assert "Django's own" not in words


async def test_an_external_target_lists_what_is_unknown(
    laboratory: Laboratory,
) -> None:
    _, words = await served_with(laboratory, RUNNING)
    assert words.startswith("http://127.0.0.1:8001 was already running and has no probe")
    assert "are unknown" in words


@pytest.mark.parametrize("facts", [{}, {"command": ["serve"]}])
async def test_facts_of_an_older_run_may_lack_all_of_it(
    browser: AsyncClient, laboratory: Laboratory, facts: dict[str, Any]
) -> None:
    run = await finished(laboratory)
    await RunLane.objects.filter(run=run).aupdate(facts=facts)
    response = await browser.get(f"/runs/{run.pk}/")
    assert response.status_code == 200
    assert ("Server details" in response.content.decode()) == bool(facts)
