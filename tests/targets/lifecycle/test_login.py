"""Views behind a login: a real project with Django's own users, sessions and CSRF protection."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from django.core.management import call_command

from dashboard.project.labtoml.load import load_manifest
from dashboard.project.model.scenario import Variant
from dashboard.targets.lifecycle.login import shared_session
from dashboard.targets.lifecycle.login.session import request_headers
from dashboard.targets.lifecycle.login.shared_session import ensure_session
from dashboard.targets.lifecycle.pool import Targets
from dashboard.wire.errors import InvalidManifest, TargetFailed
from tests.targets.warm import ignore, warm_pool

pytestmark = [pytest.mark.servers, pytest.mark.asyncio(loop_scope="module")]
SERVER, OTHER = "gunicorn-sync", "daphne"
NAME, PASSWORD = "ada", "a long enough password"

LAB = """
[project]
name = "shop"
wsgi = "shop.wsgi:application"
asgi = "shop.asgi:application"
env = { DJANGO_SETTINGS_MODULE = "shop.settings" }
[project.login]
path = "/login/"
username = "SHOP_USER"
password = "SHOP_PASSWORD"
[scenario.account]
title = "One's own account"
lanes = ["sync@gunicorn-sync"]
[scenario.account.variant.sync]
family = "sync"
path = "/account/"
login = true
cookies = { theme = "dark" }
[scenario.account.variant.changing]
family = "sync"
path = "/account/"
method = "POST"
login = true
[scenario.account.variant.anonymous]
family = "sync"
path = "/account/"
"""
VIEWS = """
import os
import sys

from django.conf import settings
from django.contrib.auth import user_logged_in
from django.db.utils import OperationalError
from django.http import HttpResponse
from django.contrib.auth.decorators import login_required
from django.http import JsonResponse


def note(**more):
    with (settings.BASE_DIR / "logins.txt").open("a") as file:
        file.write("1")


user_logged_in.connect(note)


class Refuse:
    # What limits and broken projects answer to a form that is sent.

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        mode = (settings.BASE_DIR / "refuse.txt").read_text()
        if not mode or request.method != "POST":
            return self.get_response(request)
        if mode == "429":
            headers = {"Retry-After": "300"}
            return HttpResponse("<p>Too many requests.</p>", status=429, headers=headers)
        if mode == "axes":
            words = "Account locked: too many login attempts. Please try again later."
            words += " You sent " + request.POST["password"]
            return HttpResponse(words, status=403)
        if mode == "form":
            return HttpResponse(
                "<title>Sign in</title><style>p { color: red }</style><h1>Shop</h1>"
                "<ul class='errorlist nonfield'><li>Too many failed login attempts."
                " Try again later.</li></ul><form><input type='hidden'></form>"
            )
        if mode == "log":
            settings.DEBUG = False
            print(
                "Traceback (most recent call last):\\n"
                "django.db.utils.OperationalError: no such table: of_the_log",
                file=sys.stderr, flush=True,
            )
            return HttpResponse("<h1>Server Error (500)</h1>", status=500)
        settings.DEBUG = mode == "500"
        raise OperationalError("no such table: auth_user")


@login_required
def account(request):
    theme = request.COOKIES.get("theme")
    return JsonResponse({"user": request.user.username, "theme": theme})
"""
URLS = """
from django.contrib.auth.views import LoginView
from django.urls import path

from .views import account

urlpatterns = [path("login/", LoginView.as_view()), path("account/", account)]
"""
MORE_SETTINGS = """
import os
if os.environ.get("IN_MEMORY"):  # each process knows only its own sessions
    SESSION_ENGINE = "django.contrib.sessions.backends.cache"
MIDDLEWARE.append("shop.views.Refuse")
SESSION_COOKIE_SECURE = True
ALLOWED_HOSTS = ["127.0.0.1"]
TEMPLATES[0]["DIRS"] = [BASE_DIR / "templates"]
"""
FORM = "<form method=post>{% csrf_token %}{{ form }}</form>"


MAKE_USER = """
import django
from django.core.management import call_command
django.setup()
call_command("migrate", verbosity=0)
call_command("createsuperuser", interactive=False, username=NAME, email="a@b.example")
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with one user."""
    directory = tmp_path_factory.mktemp("shop")
    call_command("startproject", "shop", str(directory))
    templates = directory / "templates" / "registration"
    templates.mkdir(parents=True)
    (templates / "login.html").write_text(FORM)
    (directory / "shop" / "views.py").write_text(VIEWS)
    (directory / "shop" / "urls.py").write_text(URLS)
    settings = directory / "shop" / "settings.py"
    settings.write_text(settings.read_text() + MORE_SETTINGS)
    code = MAKE_USER.replace("NAME", repr(NAME))
    env = {"DJANGO_SETTINGS_MODULE": "shop.settings", "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    subprocess.run([sys.executable, "-c", code], cwd=directory, env=env, check=True)
    (directory / "lab.toml").write_text(LAB)
    return directory


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Targets]:
    """One pool for these tests: each server is started once and kept warm."""
    async with warm_pool(shop / "lab.toml", tmp_path_factory.mktemp("login")) as pool:
        yield pool


@pytest_asyncio.fixture(loop_scope="module")
async def targets(pool: Targets, shop: Path, monkeypatch: pytest.MonkeyPatch) -> Targets:
    """The pool, without earlier logins."""
    monkeypatch.setenv("SHOP_USER", NAME)
    monkeypatch.setenv("SHOP_PASSWORD", PASSWORD)
    monkeypatch.setattr(shared_session, "_sessions", {})
    (shop / "refuse.txt").write_text("")
    (shop / "logins.txt").write_text("")
    for server in (SERVER, OTHER):
        (await pool.ready(server, ignore)).use_session({})
    return pool


@pytest.fixture
def logins(shop: Path) -> Callable[[], int]:
    """The number of logins during the test."""
    return lambda: len((shop / "logins.txt").read_text())


async def test_the_session_is_sent_with_variants_that_require_it(targets: Targets) -> None:
    target = await targets.ready(SERVER, ignore, "account", True)
    variants = targets.project.scenarios["account"].variants
    async with httpx.AsyncClient(base_url=target.url, timeout=60) as client:
        answers = {
            name: await client.request(
                variant.method,
                variant.path,
                headers=[*request_headers(variant, target.session)],
            )
            for name, variant in variants.items()
        }
    assert answers["sync"].json() == {"user": NAME, "theme": "dark"}
    assert answers["changing"].json() == {"user": NAME, "theme": None}  # CSRF had its token
    assert answers["anonymous"].status_code == httpx.codes.FOUND


async def test_one_login_serves_all_targets_and_runs(
    targets: Targets, shop: Path, tmp_path: Path, logins: Callable[[], int]
) -> None:
    first = await targets.ready(SERVER, ignore, "account", True)
    second = await targets.ready(OTHER, ignore, "account", True)
    await targets.ready(SERVER, ignore, "account", True)  # the next run
    async with warm_pool(shop / "lab.toml", tmp_path) as traced:  # as an X-ray does
        third = await traced.ready(SERVER, ignore, "account", True)
    assert first.session == second.session == third.session
    assert logins() == 1


async def test_targets_that_share_no_sessions_get_a_login_each(
    targets: Targets, shop: Path, tmp_path: Path, logins: Callable[[], int]
) -> None:
    other = shop / "memory.toml"
    other.write_text(LAB.replace('settings" }', 'settings", IN_MEMORY = "1" }'))
    variant = targets.project.scenarios["account"].variants["sync"]
    async with warm_pool(other, tmp_path) as apart:
        two = [await apart.ready(name, ignore, "account", True) for name in (SERVER, OTHER)]
        assert logins() == 2
        for target in two:
            headers = [*request_headers(variant, target.session)]
            async with httpx.AsyncClient(base_url=target.url, timeout=60) as client:
                answer = await client.get(variant.path, headers=headers)
            assert answer.status_code == httpx.codes.OK


async def test_an_expired_session_is_replaced(
    targets: Targets, shop: Path, logins: Callable[[], int]
) -> None:
    target = await targets.ready(SERVER, ignore, "account", True)
    before = target.session
    with closing(sqlite3.connect(shop / "db.sqlite3")) as database, database:
        assert database.execute("DELETE FROM django_session").rowcount > 0
    again = await targets.ready(SERVER, ignore, "account", True)
    assert again is target
    assert again.session != before
    assert logins() == 2


async def test_variants_without_login_cause_no_login(
    targets: Targets, monkeypatch: pytest.MonkeyPatch, logins: Callable[[], int]
) -> None:
    monkeypatch.delenv("SHOP_USER")
    monkeypatch.delenv("SHOP_PASSWORD")
    target = await targets.ready(SERVER, ignore, "account")
    assert target.session == {}
    assert logins() == 0


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("429", '429 Too Many Requests, "Too many requests.", Retry-After: 300; this is a limit'),
        ("axes", '403 Forbidden, "Account locked: too many login attempts.'),
        ("form", '200 OK, "Too many failed login attempts. Try again later."; this is a limit'),
        ("500", '500 Internal Server Error, "OperationalError: no such table: auth_user"'),
        ("quiet", '500 Internal Server Error, "django.db.utils.OperationalError: no such table'),
        ("log", '"django.db.utils.OperationalError: no such table: of_the_log'),
    ],
)
async def test_limits_and_errors_of_the_login_page_are_quoted(
    targets: Targets, shop: Path, mode: str, expected: str
) -> None:
    (shop / "refuse.txt").write_text(mode)
    with pytest.raises(TargetFailed) as failed:
        await targets.ready(SERVER, ignore, "account", True)
    assert expected in str(failed.value)
    assert "right?" not in str(failed.value)
    assert PASSWORD not in str(failed.value)


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("SHOP_PASSWORD", "wrong", "Please enter a correct username and password."),
        ("SHOP_PASSWORD", "wrong again", "are SHOP_USER and SHOP_PASSWORD right?"),
        ("SHOP_USER", None, "project.login: expected SHOP_USER in the environment, found none"),
    ],
)
async def test_a_failed_login_names_the_reason_and_can_be_repeated(
    targets: Targets,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str | None,
    expected: str,
) -> None:
    if value is None:
        monkeypatch.delenv(variable)
    else:
        monkeypatch.setenv(variable, value)
    with pytest.raises(TargetFailed, match=r".") as failed:
        await targets.ready(SERVER, ignore, "account", True)
    assert expected in str(failed.value)
    assert PASSWORD not in str(failed.value)


async def test_a_path_without_a_form_is_named(targets: Targets, shop: Path) -> None:
    lab = shop / "elsewhere.toml"
    lab.write_text(LAB.replace('path = "/login/"', 'path = "/account/"'))
    target = await targets.ready(SERVER, ignore)
    with pytest.raises(
        TargetFailed, match=r"login form at /account/, found 302 Found to /accounts/login"
    ):
        await ensure_session(target, SERVER, load_manifest(lab), "account")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            'username = "SHOP_USER"\n',
            "",
            "login.username: expected the name of an environment variable, found",
        ),
        ('"SHOP_USER"', '"not a name"', "project.login.username: expected the name of an env"),
        ('path = "/login/"', 'path = "login"', "project.login.path: expected a path"),
        (
            'theme = "dark"',
            'theme = "d;k"',
            "cookies.theme: expected a text that a cookie can hold",
        ),
        (
            LAB[LAB.index("[project.login]") : LAB.index("[scenario")],
            "",
            "expected [project.login]",
        ),
    ],
)
async def test_a_bad_login_is_refused(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert old in LAB
    (tmp_path / "lab.toml").write_text(LAB.replace(old, new, 1))
    with pytest.raises(InvalidManifest) as refused:
        load_manifest(tmp_path / "lab.toml")
    assert expected in str(refused.value)


async def test_headers_are_unchanged_without_cookies_and_session() -> None:
    variant = Variant("sync", "sync", "/", headers=(("Accept", "text/html"),))
    assert request_headers(variant, {"sessionid": "1"}) == variant.headers
