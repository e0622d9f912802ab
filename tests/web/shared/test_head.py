"""HEAD is answered wherever GET is, with the same status and without effects."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import StreamingHttpResponse
from django.test import AsyncClient
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from dashboard.models import Run
from dashboard.runs.queue.laboratory import Laboratory
from tests.web.bench.test_runs import finished

# Parts of addresses for which there is something; for others both methods are 404.
PARTS = {
    "chart": "distribution",
    **dict.fromkeys(("import_id", "experiment_id", "sampling_id", "number"), "none"),
}
NAMES = {"export": "csv", "static": "css/base.css"}


def patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    """Yield every address of the dashboard."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from patterns(entry)
        else:
            yield entry


def address_of(pattern: URLPattern, run: Run) -> str:
    parts = {**PARTS, "run_id": run.pk, "name": NAMES.get(pattern.name or "", "none")}
    wanted = {*pattern.pattern.converters, *pattern.pattern.regex.groupindex}
    return reverse(pattern.name, kwargs={part: parts[part] for part in wanted})


async def status(browser: AsyncClient, method: str, address: str) -> int:
    response = await browser.generic(method, address)
    if isinstance(response, StreamingHttpResponse):
        response.close()
    return response.status_code


async def test_head_has_the_status_of_get(browser: AsyncClient, laboratory: Laboratory) -> None:
    run = await finished(laboratory)
    statuses = {}
    for pattern in patterns(get_resolver()):
        address = address_of(pattern, run)
        statuses[address] = await status(browser, "HEAD", address)
        assert statuses[address] == await status(browser, "GET", address), address
    assert [address for address, code in statuses.items() if code == 200][:3]
    assert sum(code == 200 for code in statuses.values()) > 12
    assert await Run.objects.acount() == 1
