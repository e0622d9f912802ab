"""Views behind a login: a real project with Django's own users, sessions and CSRF protection."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from dashboard.targets.login import request_headers
from dashboard.targets.manifest import load_manifest
from dashboard.targets.pool import Targets
from dashboard.targets.scenario import Variant
from dashboard.wire.errors import InvalidManifest, TargetFailed

from .conftest import MakeTargets, ignore

pytestmark = pytest.mark.servers
SERVER = "gunicorn-sync"
NAME, PASSWORD = "ada", "a long enough password"

LAB = """
[project]
name = "shop"
wsgi = "shop.wsgi:application"
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
[scenario.account.variant.nobody]
family = "sync"
path = "/account/"
"""
VIEWS = """
from django.contrib.auth.decorators import login_required
from django.http import JsonResponse


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
FORM = "<form method=post>{% csrf_token %}{{ form }}</form>"


def manage(directory: Path, *arguments: str) -> None:
    command = [sys.executable, "manage.py", *arguments]
    env = {"DJANGO_SETTINGS_MODULE": "shop.settings", "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    subprocess.run(command, cwd=directory, env=env, check=True, capture_output=True)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with one user."""
    directory = tmp_path_factory.mktemp("shop")
    command = [sys.executable, "-m", "django", "startproject", "shop", str(directory)]
    subprocess.run(command, check=True, env={})
    templates = directory / "templates" / "registration"
    templates.mkdir(parents=True)
    (templates / "login.html").write_text(FORM)
    (directory / "shop" / "views.py").write_text(VIEWS)
    (directory / "shop" / "urls.py").write_text(URLS)
    settings = directory / "shop" / "settings.py"
    more = "SESSION_COOKIE_SECURE = True\nTEMPLATES[0]['DIRS'] = [BASE_DIR / 'templates']\n"
    settings.write_text(settings.read_text() + more)
    manage(directory, "migrate")
    manage(directory, "createsuperuser", "--noinput", "--username", NAME, "--email", "a@b.example")
    (directory / "lab.toml").write_text(LAB)
    return directory


@pytest.fixture
def targets(make_targets: MakeTargets, shop: Path, monkeypatch: pytest.MonkeyPatch) -> Targets:
    monkeypatch.setenv("SHOP_USER", NAME)
    monkeypatch.setenv("SHOP_PASSWORD", PASSWORD)
    return make_targets(shop / "lab.toml")


async def test_a_session_is_carried_by_the_variants_that_want_it(targets: Targets) -> None:
    target = await targets.ready(SERVER, ignore)
    variants = targets.project.scenarios["account"].variants
    async with httpx.AsyncClient(base_url=target.url) as client:
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
    assert answers["nobody"].status_code == httpx.codes.FOUND


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("SHOP_PASSWORD", "wrong", "are SHOP_USER and SHOP_PASSWORD right?"),
        ("SHOP_USER", None, "project.login: expected SHOP_USER in the environment, found none"),
    ],
)
async def test_a_login_that_fails_says_why_and_leaves_nothing_warm(
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
        await targets.ready(SERVER, ignore)
    assert expected in str(failed.value)
    assert PASSWORD not in str(failed.value)


async def test_a_path_without_a_form_is_named(
    targets: Targets, make_targets: MakeTargets, shop: Path
) -> None:
    lab = shop / "elsewhere.toml"
    lab.write_text(LAB.replace('path = "/login/"', 'path = "/account/"'))
    with pytest.raises(
        TargetFailed, match=r"login form at /account/, found 302 to /accounts/login"
    ):
        await make_targets(lab).ready(SERVER, ignore)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('username = "SHOP_USER"\n', "", "project.login.username: expected, but it is not there"),
        ('"SHOP_USER"', '"not a name"', "project.login.username: expected the name of a variable"),
        ('path = "/login/"', 'path = "login"', "project.login.path: expected a path"),
        ('theme = "dark"', 'theme = "d;k"', "cookies: expected names and values"),
        (
            LAB[LAB.index("[project.login]") : LAB.index("[scenario")],
            "",
            "expected [project.login]",
        ),
    ],
)
def test_a_bad_login_is_refused(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert old in LAB
    (tmp_path / "lab.toml").write_text(LAB.replace(old, new, 1))
    with pytest.raises(InvalidManifest) as refused:
        load_manifest(tmp_path / "lab.toml")
    assert expected in str(refused.value)


def test_headers_are_left_alone_where_there_is_neither_cookie_nor_session() -> None:
    variant = Variant("sync", "sync", "/", headers=(("Accept", "text/html"),))
    assert request_headers(variant, {"sessionid": "1"}) == variant.headers
