"""Which login form is found, and by what it is recognised."""

from __future__ import annotations

import httpx
import pytest

from dashboard.targets.onboarding.login_form import LoginForm, find_login_form

from .trial_site import FORM, FOUND, VIEW, visited


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
