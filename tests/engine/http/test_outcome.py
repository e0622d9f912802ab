"""Whether a response is a failure: its status alone does not decide."""

from __future__ import annotations

import pytest

from dashboard.engine.http.outcome import location_of, outcome_of, returns_to
from dashboard.wire.failure import Failure, failure_name
from dashboard.wire.frame import NO_VIEW, UNKNOWN

CALLED = 5_000
LOGIN_PAGE = "/accounts/login/?next=/report/"


@pytest.mark.parametrize(
    ("status", "view_entered", "location", "expected"),
    [
        (200, CALLED, "", Failure.NONE),
        (200, NO_VIEW, "", Failure.NONE),  # from a cache: a success without a view
        (200, UNKNOWN, "", Failure.NONE),
        (302, CALLED, "/thanks/", Failure.NONE),  # after a form was processed
        (303, CALLED, "/thanks/?order=12", Failure.NONE),
        (302, UNKNOWN, "/thanks/", Failure.NONE),  # without a probe
        (301, NO_VIEW, "https://testserver/report/", Failure.REDIRECTED),
        (302, NO_VIEW, "/en/report/", Failure.REDIRECTED),
        (307, NO_VIEW, "", Failure.REDIRECTED),
        (308, NO_VIEW, "/report/", Failure.REDIRECTED),
        (304, CALLED, "", Failure.NONE),
        (304, NO_VIEW, "", Failure.NONE),
        (302, CALLED, LOGIN_PAGE, Failure.LOGIN),  # login_required looks like the view
        (302, NO_VIEW, LOGIN_PAGE, Failure.LOGIN),
        (302, UNKNOWN, LOGIN_PAGE, Failure.LOGIN),
        (404, NO_VIEW, "", Failure.STATUS),
        (404, CALLED, "", Failure.STATUS),
        (500, UNKNOWN, "", Failure.STATUS),
        (403, CALLED, LOGIN_PAGE, Failure.STATUS),
    ],
)
def test_the_outcome_depends_on_status_and_view(
    status: int, view_entered: int, location: str, expected: Failure
) -> None:
    assert outcome_of(status, view_entered, location, "/report/?page=2") is expected


@pytest.mark.parametrize(
    ("location", "path", "expected"),
    [
        ("/login/?next=/report/", "/report/", True),
        ("/login/?next=/report/%3Fpage%3D2", "/report/?page=2", True),
        ("https://sso.example/?return_to=https%3A//shop.example/report/", "/report/", True),
        ("/login?a=1&redirectTo=%2Freport%2F", "/report/", True),
        ("/login/?next=/%C3%BCbersicht/", "/%C3%BCbersicht/", True),
        ("/login/?next=/other/", "/report/", False),
        ("/login/", "/report/", False),
        ("/results/?from=/report/", "/report/", False),
        ("/thanks/?order=12", "/report/", False),
        ("", "/report/", False),
        ("http://[::1/?next=/report/", "/report/", False),  # not a URL
    ],
)
def test_a_redirect_to_a_login_names_the_page_to_return_to(
    location: str, path: str, expected: bool
) -> None:
    assert returns_to(location, path) is expected


@pytest.mark.parametrize("name", [b"Location", b"location", b"LOCATION"])
def test_the_location_is_read_from_the_head_only(name: bytes) -> None:
    head = b"HTTP/1.1 302 Found\r\nX-Location: no\r\n" + name + b":  /a/b \r\nServer: x\r\n\r\n"
    assert location_of(head + b"\r\nlocation: /body/\r\n") == "/a/b"
    assert location_of(b"HTTP/1.1 302 Found\r\n\r\nlocation: /body/") == ""


def test_redirects_that_fail_have_names() -> None:
    assert failure_name(Failure.REDIRECTED, 301) == "redirected-before-view"
    assert failure_name(Failure.LOGIN, 302) == "sent-to-login"
