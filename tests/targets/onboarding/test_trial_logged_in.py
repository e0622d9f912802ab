"""Paths behind a login: requested once more with a session."""

from __future__ import annotations

from functools import partial

import httpx
import pytest

from dashboard.targets.onboarding import trial_requests
from dashboard.targets.onboarding.trial_requests import TrialAnswer, TrialClient

from .trial_site import FORM, MIDDLEWARE, VIEW, watching

SESSION = {"sessionid": "0123456789abcdef"}


class Shop:
    """A site whose pages require the session's cookie; `/leave/` ends it."""

    def __init__(self, pages: dict[str, httpx.Response]) -> None:
        self.pages, self.logins, self.is_in = pages, 0, False

    async def log_in(self) -> dict[str, str]:
        self.logins, self.is_in = self.logins + 1, True
        return SESSION

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/in/":
            return httpx.Response(200, text=FORM.format(action=""))
        if not (self.is_in and "sessionid=0123456789abcdef" in request.headers.get("cookie", "")):
            return httpx.Response(302, headers={"location": f"/in/?next={path}", **VIEW})
        if path == "/leave/":
            self.is_in = False
            gone = 'sessionid=""; expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/'
            return httpx.Response(302, headers={"location": "/", "set-cookie": gone, **VIEW})
        return self.pages[path]


async def logged_in(shop: Shop, *paths: str, problem: str = "") -> dict[str, TrialAnswer]:
    async with httpx.AsyncClient(
        base_url="http://127.0.0.1:9", transport=httpx.MockTransport(shop)
    ) as client:
        visitor = TrialClient(client, "/in/", partial(watching, ""))
        await visitor.request(paths)
        assert [answer.login for answer in visitor.answers.values()] == [True] * len(paths)
        assert shop.logins == 0
        reason = await visitor.request_logged_in(shop.log_in)
    assert reason.startswith(problem) if problem else not reason
    return visitor.answers


async def test_paths_without_time_left_keep_their_first_answer_and_are_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = Shop({})
    async with httpx.AsyncClient(
        base_url="http://127.0.0.1:9", transport=httpx.MockTransport(shop)
    ) as client:
        visitor = TrialClient(client, "/in/", partial(watching, ""))
        await visitor.request(["/x/"])
        monkeypatch.setattr(trial_requests, "TOTAL_TIMEOUT_S", -1)
        problem = await visitor.request_logged_in(shop.log_in)
    assert problem == "the -1 s for the trial, logged in, were over"
    assert visitor.answers["/x/"].login


@pytest.mark.parametrize(
    ("response", "usable", "description"),
    [
        (httpx.Response(200), True, "answered 200 (logged in)"),
        (httpx.Response(403, json={"detail": "Staff only"}), False, "answered 403: Staff only ("),
        (httpx.Response(404), False, "answered 404 (logged in)"),
        # A view's redirect to another page behind the login is no refusal; one to the form is.
        (httpx.Response(302, headers={"location": "/y/", **VIEW}), True, "answered 302 to /y/ ("),
        (httpx.Response(302, headers={"location": "/in/", **VIEW}), False, "answered 302 to /in/"),
        (httpx.Response(301, headers={"location": "/y/", **MIDDLEWARE}), False, "answered 301 to"),
        (httpx.Response(200, headers={"set-cookie": "sessionid=new; Path=/"}), True, "answered 2"),
        (httpx.Response(200, headers={"set-cookie": "seen=; Path=/"}), True, "answered 200 ("),
    ],
)
async def test_paths_behind_a_login_are_requested_once_more_with_a_session(
    response: httpx.Response, usable: bool, description: str
) -> None:
    answer = (await logged_in(Shop({"/x/": response}), "/x/"))["/x/"]
    assert (answer.usable, answer.logged_in, answer.login) == (usable, True, False)
    assert answer.description.startswith(description)


async def test_a_path_that_ends_the_session_is_not_usable_and_the_next_logs_in_again() -> None:
    shop = Shop({"/x/": httpx.Response(200), "/y/": httpx.Response(200)})
    answers = await logged_in(shop, "/x/", "/leave/", "/y/")
    assert {path: answer.usable for path, answer in answers.items()} == {
        "/x/": True,
        "/leave/": False,
        "/y/": True,
    }
    assert answers["/leave/"].description == "answered 302 and ended the session (logged in)"
    assert shop.logins == 2


async def test_not_more_than_three_logins() -> None:
    paths = [f"/leave/?{number}" for number in range(5)]
    shop = Shop({})
    answers = await logged_in(shop, *paths, problem="3 sessions were ended by a path before they")
    assert shop.logins == 3
    assert [answer.logged_in for answer in answers.values()] == [True, True, True, False, False]
