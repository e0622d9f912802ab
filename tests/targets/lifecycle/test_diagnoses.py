"""Projects that answer 4xx, 5xx or a redirect: the reasons found, under WSGI and ASGI."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from dashboard.project.labtoml.load import load_manifest
from dashboard.targets.lifecycle.migrations import check_migrations
from dashboard.targets.lifecycle.target import Target
from dashboard.wire.failure import Failure
from tests.firing import burst, engine, fire
from tests.targets.conftest import MakeTargets, ignore

pytestmark = pytest.mark.servers
REQUESTS = 6
SERVERS = ["gunicorn-gthread", "uvicorn"]

SETTINGS = """
import os
from pathlib import Path

SECRET_KEY = "of a sample project"
ALLOWED_HOSTS = os.environ.get("SHOP_HOSTS", "*").split(",")
ROOT_URLCONF = "shop.urls"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
if "SHOP_CACHED" in os.environ:
    MIDDLEWARE.insert(0, "django.middleware.cache.UpdateCacheMiddleware")
    MIDDLEWARE.append("django.middleware.cache.FetchFromCacheMiddleware")
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
SECURE_SSL_REDIRECT = "SHOP_SSL" in os.environ
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": Path("shop.sqlite3")}}
if "SHOP_PORT" in os.environ:
    DATABASES["default"] = {
        "ENGINE": "django.db.backends.postgresql", "NAME": "shop", "USER": "shop",
        "HOST": "127.0.0.1", "PORT": os.environ["SHOP_PORT"],
    }
if "SHOP_ATOMIC" in os.environ:
    DATABASES["default"]["ATOMIC_REQUESTS"] = True
if "SHOP_NO_DATABASE" in os.environ:
    DATABASES = {}
"""
URLS = """
from threading import Lock
from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import path


def users(request):
    return HttpResponse(str(User.objects.count()))


async def async_users(request):
    return HttpResponse(str(await User.objects.acount()))


async def async_fine(request):
    return HttpResponse("fine")


def fine(request):
    return HttpResponse("fine")


importing = Lock()


def deep(request):
    with importing:  # who waits for an import that fails may be given the unfinished module
        import shop.deep


def form(request):
    return HttpResponseRedirect("/thanks/")


urlpatterns = [
    path("users/", users), path("async-users/", async_users), path("async-fine/", async_fine),
    path("fine/", fine), path("form/", form), path("deep/", deep),
    path("private/", login_required(fine)),
]
"""
# An import that fails below so many frames that a log's last thirty lines hold no `Traceback`.
DEEP = """
def deeper(level):
    if level:
        deeper2(level - 1)
    else:
        import a_package_that_is_not_installed


def deeper2(level):
    if level:
        deeper(level - 1)
    else:
        import a_package_that_is_not_installed


deeper(60)
"""
LAB = """
[project]
name = "shop"
wsgi = "shop.wsgi:application"
asgi = "shop.asgi:application"
env = {{ DJANGO_SETTINGS_MODULE = "shopsettings.base", PYTHONPATH = "elsewhere"{env} }}
[scenario.ask]
title = "Asking"
lanes = ["sync@gunicorn-gthread"]
[scenario.ask.variant.sync]
family = "sync"
path = "/users/"
"""


def project(directory: Path, **env: str) -> Path:
    """A project whose settings are found by its PYTHONPATH alone; `env` says what is wrong."""
    shop, elsewhere = directory / "shop", directory / "elsewhere" / "shopsettings"
    shop.mkdir()
    elsewhere.mkdir(parents=True)
    (shop / "__init__.py").touch()
    (elsewhere / "__init__.py").touch()
    (elsewhere / "base.py").write_text(SETTINGS)
    (shop / "urls.py").write_text(URLS)
    (shop / "deep.py").write_text(DEEP)
    for kind in ("wsgi", "asgi"):
        made = f"from django.core.{kind} import get_{kind}_application as make\n"
        (shop / f"{kind}.py").write_text(made + "application = make()\n")
    lab = directory / "lab.toml"
    given = "".join(f', {name} = "{value}"' for name, value in env.items())
    lab.write_text(LAB.format(env=given))
    return lab


async def asked(target: Target, path: str, number: int) -> tuple[list[int], list[int]]:
    """Statuses and failures of a few requests, as the engine judges them."""
    assert await target.begin(number)
    async with engine() as process:
        fired = await fire(process, burst(target.port, path, REQUESTS, 2))
    assert await target.end(number, quiet_timeout_s=5)
    return fired.samples["status"], fired.samples["error"]


def nobodys_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


DIAGNOSES: dict[str, tuple[dict[str, str], str, str, str, str]] = {
    "a database that is not running": (
        {"SHOP_PORT": nobodys_port()}, "/users/", "django.db.utils.OperationalError",
        "onnection refused", "shop/urls.py:11 users",
    ),
    "a database that is not running, async": (
        {"SHOP_PORT": nobodys_port()}, "/async-users/", "django.db.utils.OperationalError",
        "onnection refused", "shop/urls.py:15 async_users",
    ),
    "no database at all": (
        {"SHOP_NO_DATABASE": "1"}, "/users/", "django.core.exceptions.ImproperlyConfigured",
        "settings.DATABASES is improperly configured", "shop/urls.py:11 users",
    ),
    "an import that fails deep down": (
        {}, "/deep/", "ModuleNotFoundError",
        "No module named 'a_package_that_is_not_installed'", "shop/deep.py:6 deeper",
    ),
    "ATOMIC_REQUESTS with an async view": (
        {"SHOP_ATOMIC": "1"}, "/async-fine/", "RuntimeError",
        "You cannot use ATOMIC_REQUESTS with async views.", "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("name", DIAGNOSES)
async def test_the_exception_is_quoted_and_no_migration_is_blamed(
    name: str, server: str, make_targets: MakeTargets, tmp_path: Path
) -> None:
    env, path, kind, message, where = DIAGNOSES[name]
    targets = make_targets(project(tmp_path, **env))
    target = await targets.ready(server, ignore)
    statuses, failures = await asked(target, path, 1)
    assert set(statuses) == {500}
    assert set(failures) == {Failure.STATUS}
    (found,) = target.answers
    assert (found["status"], found["type"], found["count"]) == (500, kind, REQUESTS)
    assert message in found["message"]
    assert (found["where"] or "") == where
    migrations = await targets.migrations(server)
    # Only an answer of the check is a diagnosis: where it cannot be told, nothing is.
    assert (migrations.pending is None) == ("database" in name)
    assert bool(migrations.problem) == ("database" in name)


@pytest.mark.parametrize("server", SERVERS)
async def test_pending_migrations_are_found_with_the_projects_own_path(
    server: str, make_targets: MakeTargets, tmp_path: Path
) -> None:
    targets = make_targets(project(tmp_path))
    target = await targets.ready(server, ignore)
    await asked(target, "/users/", 1)
    (found,) = target.answers
    assert found["message"] == "no such table: auth_user"
    migrations = await targets.migrations(server)
    assert migrations.pending
    assert "auth.0001_initial" in migrations.pending


async def test_a_check_that_prints_and_exits_at_import_decides_nothing(tmp_path: Path) -> None:
    lab = project(tmp_path)
    shop = load_manifest(lab)
    for code, problem in (
        ("print('Traceback (most recent call last):'); raise SystemExit(3)", "SystemExit: 3"),
        ("import os; os._exit(7)", "ended with status 7"),
        ("import os; os._exit(0)", "the check left no answer"),
    ):
        (tmp_path / "shop" / "wsgi.py").write_text(code)
        found = await check_migrations(shop, "shop.wsgi:application", {}, tmp_path)
        assert found.pending is None
        assert problem in found.problem
    gone = replace(shop, python=str(tmp_path / "no-python"))
    assert (await check_migrations(gone, "shop.wsgi:application", {}, tmp_path)).pending is None


async def test_the_check_has_the_env_of_companions(tmp_path: Path) -> None:
    shop = load_manifest(project(tmp_path))
    brought = {"SHOP_PORT": nobodys_port()}
    found = await check_migrations(shop, "shop.wsgi:application", brought, tmp_path)
    assert "onnection refused" in found.problem


@pytest.mark.parametrize("server", SERVERS)
async def test_redirects_of_views_and_of_middleware_are_distinguished(
    server: str, make_targets: MakeTargets, tmp_path: Path
) -> None:
    targets = make_targets(project(tmp_path))
    target = await targets.ready(server, ignore)
    for number, (path, status, failure, to) in enumerate(
        (
            ("/form/", 302, Failure.NONE, []),
            ("/private/", 302, Failure.LOGIN, ["/accounts/login/"]),
            ("/fine", 301, Failure.REDIRECTED, ["/fine/"]),
            ("/fine/", 200, Failure.NONE, []),
        ),
        1,
    ):
        statuses, failures = await asked(target, path, number)
        assert (set(statuses), set(failures)) == ({status}, {failure}), path
        assert [one["where"] for one in target.answers if one["type"] is None] == to


@pytest.mark.parametrize("server", SERVERS)
async def test_a_redirect_to_https_and_a_host_that_is_refused(
    server: str, make_targets: MakeTargets, tmp_path: Path
) -> None:
    env = {"SHOP_SSL": "1", "SHOP_HOSTS": "127.0.0.1"}
    target = await make_targets(project(tmp_path, **env)).ready(server, ignore)
    statuses, failures = await asked(target, "/form/", 1)
    assert (set(statuses), set(failures)) == ({301}, {Failure.REDIRECTED})
    (found,) = target.answers
    assert found["where"] == f"https://127.0.0.1:{target.port}/form/"
