"""One GET at each path: which are kept, and the reasons for others."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from dashboard.targets.onboarding import trial_requests
from dashboard.targets.onboarding.trial_requests import TrialAnswer

from .trial_site import MIDDLEWARE, VIEW, visited

RAISED = "RuntimeError: broke mid-stream (app/views.py:44 g)"
DEBUG_PAGE = """<title>OperationalError
          at /x/</title> <pre class="exception_value">no such table: a &lt;b&gt;</pre>"""


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (httpx.Response(200), TrialAnswer(True, "answered 200", 200)),
        (httpx.Response(204), TrialAnswer(True, "answered 204", 204)),
        (httpx.Response(404), TrialAnswer(False, "answered 404", 404)),
        (
            httpx.Response(302, headers={"location": "https://elsewhere/y?z=1", **VIEW}),
            TrialAnswer(True, "answered 302 to https://elsewhere/y", 302),
        ),
        (
            httpx.Response(301, headers={"location": "https://127.0.0.1:9/x/", **MIDDLEWARE}),
            TrialAnswer(False, "answered 301 to https://127.0.0.1:9/x/", 301),
        ),
        (httpx.Response(304, headers=VIEW), TrialAnswer(True, "answered 304", 304)),
        (
            httpx.Response(302, headers={"location": "/login/?next=/x/", **VIEW}),
            TrialAnswer(False, "answered 302 to /login/", 302, login=True),
        ),
        (
            httpx.Response(403, json={"detail": "Who is there?"}),
            TrialAnswer(False, "answered 403: Who is there?", 403, login=True),
        ),
        (
            httpx.Response(401, headers={"www-authenticate": "Bearer"}),
            TrialAnswer(False, "answered 401: Bearer", 401, login=True),
        ),
        (
            httpx.Response(422, json={"detail": [{"loc": ["query", "q"], "msg": "missing"}]}),
            TrialAnswer(False, "answered 422: query.q: missing", 422),
        ),
        (
            httpx.Response(400, json={"code": ["required"]}),
            TrialAnswer(False, 'answered 400: {"code":["required"]}', 400),
        ),
        (
            httpx.Response(500, text=DEBUG_PAGE),
            TrialAnswer(False, "answered 500: OperationalError: no such table: a <b>", 500),
        ),
        (httpx.ReadTimeout("x"), TrialAnswer(False, "was not answered: x")),
    ],
)
async def test_answers_are_classified(response: Any, expected: TrialAnswer) -> None:
    visitor = await visited({"/x/": response, "/login/": httpx.Response(404)})
    assert visitor.answers == {"/x/": expected}
    assert visitor.form is None


async def test_an_endless_answer_is_not_usable(monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless(httpx.AsyncByteStream):
        async def __aiter__(self) -> Any:
            while True:
                yield b"x"
                await asyncio.sleep(0)

    monkeypatch.setattr(trial_requests, "GET_TIMEOUT_S", 0.05)
    monkeypatch.setattr(trial_requests, "MOST_BYTES", 1 << 40)
    visitor = await visited({"/x/": httpx.Response(200, stream=Endless())})
    assert visitor.answers["/x/"].description == "answered 200, but did not end within 0.05 s"
    assert not visitor.answers["/x/"].usable


async def test_an_answer_that_breaks_off_has_the_exception_as_its_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def broken(response: httpx.Response) -> str:
        raise httpx.RemoteProtocolError("peer closed connection")

    monkeypatch.setattr(trial_requests, "_read", broken)
    for raised, reason in (("", "peer closed connection"), (RAISED, RAISED)):
        visitor = await visited({"/x/": httpx.Response(200)}, raised=raised)
        assert visitor.answers["/x/"] == TrialAnswer(
            False, f"answered 200, but broke off: {reason}"
        )


async def test_paths_without_time_left_are_not_reported_as_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trial_requests, "TOTAL_TIMEOUT_S", -1)
    assert (await visited({}, "/x/")).answers == {}


async def test_no_request_is_sent_to_another_host() -> None:
    gone = httpx.Response(302, headers={"location": "http://sso.example/login/", **VIEW})
    visitor = await visited({"/x/": gone}, login_path="http://sso.example/login/")
    assert visitor.answers["/x/"].login
    assert visitor.form is None
