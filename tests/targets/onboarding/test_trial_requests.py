"""One GET at each path: which are kept, the reasons for others, which login form is found."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from dashboard.management.lab_init.trial import trial_problem
from dashboard.project.labtoml.load import load_manifest
from dashboard.targets.onboarding import trial_requests
from dashboard.targets.onboarding.draft.lab_toml import draft_lab_toml
from dashboard.targets.onboarding.draft.trial_results import login_hint, trial_summary
from dashboard.targets.onboarding.login_form import LoginForm, find_login_form
from dashboard.targets.onboarding.trial_requests import TrialAnswer, TrialClient, TrialResult
from tests.runs.fakes import FakeTargets

from .test_draft import route, seen

VIEW, MIDDLEWARE = {"liveburst": "1 2 3 4"}, {"liveburst": "1 -1 -1 4"}
FORM = """<form method="post" action="{action}"><input type="hidden" name="csrfmiddlewaretoken">
<input type="text" name="login"><input type="password" name="secret"><input type="submit">"""
RAISED = "RuntimeError: broke mid-stream (app/views.py:44 g)"
DEBUG_PAGE = """<title>OperationalError
          at /x/</title> <pre class="exception_value">no such table: a &lt;b&gt;</pre>"""


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


async def test_a_login_form_is_found_behind_redirects_and_by_login_url() -> None:
    to_login = httpx.Response(302, headers={"location": "/in/?next=/x/", **VIEW})
    pages = {
        "/x/": to_login,
        "/y/": to_login,
        "/in/": httpx.Response(301, headers={"location": "/en/in/"}),
        "/en/in/": httpx.Response(200, text=FORM.format(action="")),
    }
    form = LoginForm("/en/in/", "/en/in/", "login", "secret")
    visitor = await visited(pages, "/x/", "/y/")
    assert [answer.login for answer in visitor.answers.values()] == [True, True]
    assert visitor.form == form
    # an API that responds with 403 does not redirect to it
    visitor = await visited({**pages, "/x/": httpx.Response(403)}, login_path="/in/")
    assert visitor.form == form


FOUND = LoginForm("/in/", "/in/", "login", "secret")


async def test_no_request_is_sent_to_another_host() -> None:
    gone = httpx.Response(302, headers={"location": "http://sso.example/login/", **VIEW})
    visitor = await visited({"/x/": gone}, login_path="http://sso.example/login/")
    assert visitor.answers["/x/"].login
    assert visitor.form is None


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (FORM.format(action=""), FOUND),
        (FORM.format(action="/in/?a=1"), FOUND),
        (FORM.format(action="check"), LoginForm("/in/", "/in/check", "login", "secret")),
        (
            "<form><input name=q></form>" + FORM,
            LoginForm("/in/", "/in/{action}", "login", "secret"),
        ),
        (FORM.replace("post", "get"), None),
        (FORM + '<input type="password" name="again">', None),
        ('<form method=post><input type="password" name="p"></form>', None),
        ('<form method=post><input name="a"></form><input type=password name=p>', None),
        (
            "<form method=POST><input name=captcha><input type=email name=email>"
            "<input type=password name=password></form>",
            LoginForm("/in/", "/in/", "email", "password"),
        ),
        ("<form method=post><input", None),
    ],
)
def test_a_login_form_is_recognised_by_its_fields(html: str, expected: LoginForm | None) -> None:
    assert find_login_form(html, "/in/?next=/") == expected


GOOD, BAD = TrialAnswer(True, "answered 200", 200), TrialAnswer(False, "answered 404", 404)
REFUSED = TrialAnswer(False, "answered 401", 401, login=True)
TO_LOGIN = TrialAnswer(False, "answered 302 to /in/", 302, login=True)


def tried_draft(tmp_path: Path, tried: TrialResult, *routes: Any) -> tuple[str, Any]:
    inspection = seen(*routes, directory=tmp_path, python=None)
    text = draft_lab_toml(inspection, tmp_path, tried)
    (tmp_path / "lab.toml").write_text(text)
    return text, load_manifest(tmp_path / "lab.toml")


def test_usable_paths_are_kept_and_the_others_are_comments(tmp_path: Path) -> None:
    answers = {"/ok/": GOOD, "/no/": BAD, "/mine/": TO_LOGIN, "/report/": GOOD, "/areport/": BAD}
    form = LoginForm("/in/", "/in/", "login", "password")
    routes = [route("ok"), route("no"), route("mine", login=True), route("late")]
    pair = [route("report"), route("areport", "async")]
    text, project = tried_draft(tmp_path, TrialResult("daphne", answers, form), *routes, *pair)
    assert list(project.scenarios) == ["report", "ok", "late"]
    assert list(project.scenarios["report"].variants) == ["sync"]
    assert "# /areport/ answered 404\n# [scenario.report-async]" in text
    assert "# /no/ answered 404\n# [scenario.no]" in text
    assert "# /mine/ answered 302 to /in/\n# [scenario.mine]" in text
    assert "# Not tried: the 60 s for the trial were over.\n[scenario.late]" in text
    assert (project.login.path, project.login.username_field) == ("/in/", "login")
    assert (project.login.username, project.login.password) == ("SHOP_USER", "SHOP_PASSWORD")
    # uncommented, it is a scenario with a login
    mine = text[text.index("# [scenario.mine]") :].split("\n\n", 1)[0].replace("# ", "")
    (tmp_path / "lab.toml").write_text(text + mine.replace("\n#\n", "\n\n"))
    variant = load_manifest(tmp_path / "lab.toml").scenarios["mine"].variants["sync"]
    assert variant.login


def test_a_form_that_is_sent_elsewhere_is_a_comment(tmp_path: Path) -> None:
    form = LoginForm("/in/", "/in/check", "username", "password")
    text, project = tried_draft(tmp_path, TrialResult("daphne", {"/ok/": GOOD}, form), route("ok"))
    assert project.login is None
    assert "# The form of /in/ is sent to /in/check, not to itself." in text


def test_a_target_that_does_not_start_leaves_the_draft_unchanged(tmp_path: Path) -> None:
    tried = TrialResult(
        "daphne", failure="daphne ended with status 1", log_tail="KeyError\n\x07[a]"
    )
    routes = [route("ok"), route("mine", login=True)]
    text, project = tried_draft(tmp_path, tried, *routes)
    assert list(project.scenarios) == ["ok"]
    assert "# Nothing was tried: daphne ended with status 1.\n# KeyError\n#  [a]\n" in text
    assert "/mine/: it requires a login" in text


def test_pending_migrations_are_noted(tmp_path: Path) -> None:
    tried = TrialResult("daphne", {"/ok/": GOOD}, pending_migrations=True)
    assert "# - Migrations are pending" in tried_draft(tmp_path, tried, route("ok"))[0]


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
        found = await visitor.request_logged_in(shop.log_in)
    assert found.startswith(problem) if problem else not found
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


def test_what_answers_logged_in_is_drafted_with_a_login(tmp_path: Path) -> None:
    inside = TrialAnswer(True, "answered 200 (logged in)", 200, logged_in=True)
    refused = TrialAnswer(False, "answered 403 (logged in)", 403, logged_in=True)
    answers = {"/ok/": GOOD, "/mine/": inside, "/staff/": refused}
    answers |= {"/report/": GOOD, "/areport/": inside}
    routes = [route("ok"), route("mine", login=True), route("staff", login=True)]
    pair = [route("report"), route("areport", "async")]
    tried = TrialResult("daphne", answers, FOUND)
    text, project = tried_draft(tmp_path, tried, *routes, *pair)
    logins = {
        scenario.name: [variant.login for variant in scenario.variants.values()]
        for scenario in project.scenarios.values()
    }
    assert logins == {"report": [False], "report-async": [True], "ok": [False], "mine": [True]}
    assert "# /staff/ answered 403 (logged in)\n# [scenario.staff]" in text
    assert trial_summary(tried).endswith(", 2 of them logged in.")
    assert login_hint(tried, seen(route("ok"), directory=tmp_path, python=None)) == ""


def test_a_failed_login_is_reported_with_its_reason(tmp_path: Path) -> None:
    why = 'logging in with SHOP_USER and SHOP_PASSWORD failed: daphne: found 200 OK, "No"'
    tried = TrialResult("daphne", {"/a/": TO_LOGIN}, FOUND, login_problem=why)
    hint = login_hint(tried, seen(route("a"), directory=tmp_path, python=None))
    assert hint == f"1 path seems to require a login, but {why}."


@pytest.mark.parametrize(
    ("answers", "form", "words"),
    [
        (
            {"/a/": TO_LOGIN, "/b/": TO_LOGIN},
            FOUND,
            "2 paths seem to require a login: set SHOP_USER and SHOP_PASSWORD in the environment,"
            " then run this again with --force, or uncomment the scenarios with login = true.",
        ),
        (
            {"/a/": TO_LOGIN, "/b/": BAD},
            LoginForm("/in/", "/in/check", "login", "secret"),
            "1 path seems to require a login, whose form is sent elsewhere: see [project.login] in"
            " the file.",
        ),
        ({"/a/": TO_LOGIN}, None, ""),
        (
            {"/a/": REFUSED, "/b/": BAD},
            None,
            "1 path was refused (401 or 403), and no login form was found: for an API, uncomment"
            ' its scenarios and add headers = { Authorization = "Bearer {env:TOKEN}" }, with the'
            " token in that variable of the environment.",
        ),
        ({"/b/": BAD}, FOUND, ""),
    ],
)
def test_without_a_usable_path_the_last_line_explains_the_login(
    tmp_path: Path, answers: dict[str, TrialAnswer], form: LoginForm | None, words: str
) -> None:
    inspection = seen(route("a"), directory=tmp_path, python=None)
    project = FakeTargets().project
    file, tried = tmp_path / "lab.toml", TrialResult("daphne", answers, form)
    problem = trial_problem(tried, inspection, replace(project, scenarios={}), file)
    written = f"{file} was written: each path is in it as a comment, with what it answered."
    assert problem == "\n".join(filter(None, [written, words]))
