"""Logging in and out: the page, what it gives away, and where it leads."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import AsyncClient
from pytest_django.fixtures import Settings

from dashboard.accounts import AuditEntry, FailedLogins, Role, User
from dashboard.web.access.exposure import Exposure
from dashboard.web.access.login_limit import FREE_FAILURES
from dashboard.web.access.roles import Access, set_access
from dashboard.web.accounts import check_login
from dashboard.web.accounts.check_login import MOST_WAITING, LoginCheck, Refused

pytestmark = pytest.mark.django_db(transaction=True)
SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
PASSWORD = "correct horse battery staple"


@pytest.fixture(autouse=True)
def exposed(settings: Settings) -> None:
    settings.EXPOSURE = Exposure.of({"LIVEBURST_TRUSTED_PROXY": "127.0.0.1"})
    settings.MIDDLEWARE = [SESSIONS, *settings.MIDDLEWARE]
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    check_login._nobodys_password.cache_clear()


@pytest.fixture
def alice() -> User:
    user = User(name="alice", role=Role.VIEWER)
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def browser() -> AsyncClient:
    browser = AsyncClient()
    # The gate does this before Django is asked.
    browser.handler = Anonymous(browser.handler)  # type: ignore[assignment]
    return browser


class Anonymous:
    """The handler of requests without a login."""

    def __init__(self, handler: Any) -> None:
        self._handler = handler

    def __getattr__(self, name: str) -> Any:
        return getattr(self._handler, name)

    async def __call__(self, scope: dict[str, Any]) -> Any:
        set_access(scope, Access("", Role.VIEWER, "192.0.2.7"))
        return await self._handler(scope)


async def log_in(browser: AsyncClient, name: str, password: str, then: str = "") -> Any:
    return await browser.post("/login/", {"name": name, "password": password, "next": then})


async def test_the_page_needs_no_other_file(browser: AsyncClient) -> None:
    page = await browser.get("/login/", {"next": "/runs/?q=x"})
    text = page.content.decode()
    assert page.status_code == 200
    assert 'value="/runs/?q=x"' in text
    assert "<script" not in text
    assert re.findall(r'(?:href|src)="(?!data:)', text) == []
    assert "style-src 'sha256-" in page["Content-Security-Policy"]
    assert page["Cache-Control"] == "no-store"


async def test_the_right_password_opens_the_page_that_was_asked_for(
    browser: AsyncClient, alice: User
) -> None:
    answer = await log_in(browser, "Alice ", PASSWORD, "/runs/?q=x")
    assert answer.status_code == 303
    assert answer["Location"] == "/runs/?q=x"
    entry = await AuditEntry.objects.aget()
    assert (entry.user, entry.address, entry.action) == ("alice", "192.0.2.7", "logged in")
    assert (await User.objects.aget()).last_login
    assert await FailedLogins.objects.acount() == 0


@pytest.mark.parametrize(
    "then",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "///evil.example",
        "\\/evil.example",
        "http:evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "\x00/",
        "",
    ],
)
async def test_no_other_site_is_opened(browser: AsyncClient, alice: User, then: str) -> None:
    assert (await log_in(browser, "alice", PASSWORD, then))["Location"] == "/"


async def test_a_key_that_was_known_before_the_login_is_useless_afterwards(
    browser: AsyncClient, alice: User
) -> None:
    await log_in(browser, "alice", PASSWORD)
    first = browser.cookies["sessionid"].value
    await log_in(browser, "alice", PASSWORD)
    browser.cookies["sessionid"] = "x" * 32
    await log_in(browser, "alice", PASSWORD)
    assert browser.cookies["sessionid"].value not in {first, "x" * 32}


async def test_a_wrong_name_and_a_wrong_password_are_answered_alike(
    browser: AsyncClient, alice: User
) -> None:
    answers = []
    for name, password in (("alice", "a guess"), ("bob", PASSWORD)):
        answer = await log_in(browser, name, password)
        assert answer.status_code == 422
        assert password not in answer.content.decode()
        answers.append(answer.content.decode().replace(name, "NAME"))
    parts = [text.partition("csrfmiddlewaretoken")[2].partition(">")[2] for text in answers]
    assert parts[0] == parts[1]
    assert "The name or the password is wrong." in answers[0]


async def test_as_much_is_hashed_for_a_name_that_does_not_exist(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted and not timed: that is what takes the time."""
    hashed: list[str] = []

    def checking(password: str, encoded: str) -> bool:
        hashed.append(encoded.partition("$")[0])
        return False

    monkeypatch.setattr(check_login, "check_password", checking)
    for name in ("alice", "bob"):
        with pytest.raises(Refused):
            await LoginCheck().user(name, "wrong", "192.0.2.7")
    assert hashed == ["md5", "md5"]


async def test_after_too_many_failures_even_the_right_password_has_to_wait(
    browser: AsyncClient, alice: User, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(FREE_FAILURES):
        await log_in(browser, "alice", "a guess")
    answer = await log_in(browser, "alice", PASSWORD)
    assert answer.status_code == 429
    assert answer["Retry-After"] == "10"
    assert "Try again in 10 s." in answer.content.decode()
    assert "A login from 192.0.2.7 failed" in caplog.messages
    assert "a guess" not in caplog.text


async def test_no_more_than_a_few_logins_wait_for_their_turn(alice: User) -> None:
    check = LoginCheck()
    check._waiting = MOST_WAITING
    with pytest.raises(Refused) as refused:
        await check.user("alice", PASSWORD, "192.0.2.7")
    assert refused.value.wait_s


async def test_a_form_of_another_site_is_refused(alice: User) -> None:
    browser = AsyncClient(enforce_csrf_checks=True)
    assert (await log_in(browser, "alice", PASSWORD)).status_code == 403
    assert (await browser.post("/logout/")).status_code == 403


async def test_logging_out_ends_the_session(browser: AsyncClient, alice: User) -> None:
    await log_in(browser, "alice", PASSWORD)
    assert await Session.objects.acount() == 1
    answer = await browser.post("/logout/")
    assert answer["Location"] == "/login/"
    assert await Session.objects.acount() == 0


@pytest.mark.parametrize("path", ["/login/", "/audit/"])
async def test_a_dashboard_that_is_not_exposed_has_no_such_pages(
    settings: Settings, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EXPOSURE = Exposure()
    assert (await AsyncClient().get(path)).status_code == 404


async def test_the_audit_list_is_shown_newest_first() -> None:
    for action in ("fired", "stopped"):
        await AuditEntry.objects.acreate(
            user="alice", address="192.0.2.7", action=action, subject="bcdfghjk", detail="sleep"
        )
    text = (await AsyncClient().get("/audit/")).content.decode()
    assert text.index("stopped") < text.index("fired")
    assert "bcdfghjk" in text
