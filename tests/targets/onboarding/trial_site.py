"""A site without a server, and one GET at each of its paths."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import httpx

from dashboard.targets.onboarding.login_form import LoginForm
from dashboard.targets.onboarding.trial_requests import TrialClient

VIEW, MIDDLEWARE = {"liveburst": "1 2 3 4"}, {"liveburst": "1 -1 -1 4"}
FORM = """<form method="post" action="{action}"><input type="hidden" name="csrfmiddlewaretoken">
<input type="text" name="login"><input type="password" name="secret"><input type="submit">"""
FOUND = LoginForm("/in/", "/in/", "login", "secret")


def site(answers: dict[str, httpx.Response | Exception]) -> Callable[[httpx.Request], Any]:
    def answer(request: httpx.Request) -> httpx.Response:
        response = answers[request.url.path]
        if isinstance(response, Exception):
            raise response
        return response

    return answer


@asynccontextmanager
async def watching(raised: str) -> AsyncIterator[Callable[[], Awaitable[str]]]:
    async def exception() -> str:
        return raised

    yield exception


async def visited(
    answers: dict[str, Any], *paths: str, login_path: str = "/login/", raised: str = ""
) -> TrialClient:
    async with httpx.AsyncClient(
        base_url="http://127.0.0.1:9", transport=httpx.MockTransport(site(answers))
    ) as client:
        visitor = TrialClient(client, login_path, partial(watching, raised))
        await visitor.request(paths or ["/x/"])
    return visitor
