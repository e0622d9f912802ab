"""Projects that answer 4xx, 5xx or a redirect: the reasons found, under WSGI and ASGI."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio

from dashboard.project.labtoml.load import load_manifest
from dashboard.targets.lifecycle.pool import Targets
from dashboard.targets.lifecycle.target import Target
from dashboard.targets.preparation.migrations import check_migrations
from dashboard.wire.failure import Failure
from tests.firing import burst, engine, fire
from tests.targets.warm import ignore, warm_pool

pytestmark = [pytest.mark.servers, pytest.mark.asyncio(loop_scope="module")]
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
SECURE_REDIRECT_EXEMPT = ["^async-fine/"]
GONE = {
    "ENGINE": "django.db.backends.postgresql", "NAME": "shop", "USER": "shop",
    "HOST": "127.0.0.1", "PORT": os.environ.get("SHOP_PORT", ""),
}
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": Path("shop.sqlite3")},
    "gone": GONE,
}
if "SHOP_GONE" in os.environ:
    DATABASES = {"default": GONE}
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
    return HttpResponse(str(User.objects.using(request.GET.get("database")).count()))


async def async_users(request):
    return HttpResponse(str(await User.objects.using("gone").acount()))


async def async_fine(request):
    return HttpResponse("fine")


def fine(request):
    return HttpResponse("fine")


importing = Lock()


def deep(request):
    with importing:  # a thread that waits for a failing import may get the unfinished module
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
    """A project whose settings are found by its PYTHONPATH alone; `env` makes it fail."""
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


def free_port() -> str:
    """A port at which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


PORT = free_port()
PROJECTS: dict[str, dict[str, str]] = {
    "whole": {"SHOP_PORT": PORT},  # of its second database, which is not running
    "without a database": {"SHOP_NO_DATABASE": "1"},
    "atomic, by HTTPS": {"SHOP_ATOMIC": "1", "SHOP_SSL": "1", "SHOP_HOSTS": "127.0.0.1"},
}


@dataclass
class Shops:
    """The projects, each under every server: started when first asked for, and kept warm."""

    pools: Mapping[str, Targets]
    process: asyncio.subprocess.Process
    firings: Iterator[int]

    async def fired_at(
        self, name: str, server: str, path: str
    ) -> tuple[list[int], list[int], Target]:
        """Statuses and failures of a few requests, as the load generator judges them."""
        target = await self.pools[name].ready(server, ignore)
        firing = next(self.firings)
        assert await target.begin(firing)
        fired = await fire(self.process, burst(target.port, path, REQUESTS, 2))
        assert await target.end(firing, quiet_timeout_s=5)
        return fired.samples["status"], fired.samples["error"], target


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shops(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shops]:
    async with AsyncExitStack() as stack:
        pools = {}
        for name, env in PROJECTS.items():
            directory = tmp_path_factory.mktemp("shop")
            pool = warm_pool(project(directory, **env), directory)
            pools[name] = await stack.enter_async_context(pool)
        yield Shops(pools, await stack.enter_async_context(engine()), count(1))


# Name: the project, a path, the exception's type, a part of its message, and where it was raised.
DIAGNOSES: dict[str, tuple[str, str, str, str, str]] = {
    "a database that is not running": (
        "whole", "/users/?database=gone", "django.db.utils.OperationalError",
        "onnection refused", "shop/urls.py:11 users",
    ),
    "a database that is not running, async": (
        "whole", "/async-users/", "django.db.utils.OperationalError",
        "onnection refused", "shop/urls.py:15 async_users",
    ),
    "no database at all": (
        "without a database", "/users/", "django.core.exceptions.ImproperlyConfigured",
        "settings.DATABASES is improperly configured", "shop/urls.py:11 users",
    ),
    "an import that fails deep down": (
        "whole", "/deep/", "ModuleNotFoundError",
        "No module named 'a_package_that_is_not_installed'", "shop/deep.py:6 deeper",
    ),
    "ATOMIC_REQUESTS with an async view": (
        "atomic, by HTTPS", "/async-fine/", "RuntimeError",
        "You cannot use ATOMIC_REQUESTS with async views.", "",
    ),
    "migrations that were not applied": (
        "whole", "/users/", "django.db.utils.OperationalError",
        "no such table: auth_user", "shop/urls.py:11 users",
    ),
}  # fmt: skip


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("name", DIAGNOSES)
async def test_the_exception_is_quoted(name: str, server: str, shops: Shops) -> None:
    shop, path, kind, message, where = DIAGNOSES[name]
    statuses, failures, target = await shops.fired_at(shop, server, path)
    assert set(statuses) == {500}
    assert set(failures) == {Failure.STATUS}
    (answer,) = target.answers
    assert (answer["status"], answer["type"], answer["count"]) == (500, kind, REQUESTS)
    assert message in answer["message"]
    assert (answer["where"] or "") == where


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("name", PROJECTS)
async def test_pending_migrations_are_found_with_the_projects_own_path(
    name: str, server: str, shops: Shops
) -> None:
    """Only an answer of the check is a diagnosis: where it is unknown, there is none."""
    migrations = await shops.pools[name].migrations(server)
    if name == "without a database":
        assert migrations.pending is None
        assert "settings.DATABASES is improperly configured" in migrations.problem
    else:
        assert migrations.pending
        assert "auth.0001_initial" in migrations.pending
        assert not migrations.problem


@pytest.mark.parametrize("kind", ["wsgi", "asgi"])
async def test_no_migration_is_blamed_where_the_database_is_not_running(
    kind: str, tmp_path: Path
) -> None:
    shop = load_manifest(project(tmp_path, SHOP_PORT=PORT, SHOP_GONE="1"))
    migrations = await check_migrations(shop, f"shop.{kind}:application", {}, tmp_path)
    assert migrations.pending is None
    assert "onnection refused" in migrations.problem


async def test_a_check_that_prints_and_exits_at_import_decides_nothing(tmp_path: Path) -> None:
    lab = project(tmp_path)
    shop = load_manifest(lab)
    for code, problem in (  # of different lengths: bytecode of a second ago would pass for fresh
        ("print('Traceback (most recent call last):'); raise SystemExit(3)", "SystemExit: 3"),
        ("import os; os._exit(7)", "ended with status 7"),
        ("import os; os._exit(status=0)", "the check left no answer"),
    ):
        (tmp_path / "shop" / "wsgi.py").write_text(code)
        migrations = await check_migrations(shop, "shop.wsgi:application", {}, tmp_path)
        assert migrations.pending is None
        assert problem in migrations.problem
    gone = replace(shop, python=str(tmp_path / "no-python"))
    assert (await check_migrations(gone, "shop.wsgi:application", {}, tmp_path)).pending is None


async def test_the_check_has_the_env_of_companions(tmp_path: Path) -> None:
    shop = load_manifest(project(tmp_path))
    brought = {"SHOP_PORT": PORT, "SHOP_GONE": "1"}
    migrations = await check_migrations(shop, "shop.wsgi:application", brought, tmp_path)
    assert "onnection refused" in migrations.problem


@pytest.mark.parametrize("server", SERVERS)
async def test_redirects_of_views_and_of_middleware_are_distinguished(
    server: str, shops: Shops
) -> None:
    for path, status, failure, to in (
        ("/form/", 302, Failure.NONE, []),
        ("/private/", 302, Failure.LOGIN, ["/accounts/login/"]),
        ("/fine", 301, Failure.REDIRECTED, ["/fine/"]),
        ("/fine/", 200, Failure.NONE, []),
    ):
        statuses, failures, target = await shops.fired_at("whole", server, path)
        assert (set(statuses), set(failures)) == ({status}, {failure}), path
        assert [answer["where"] for answer in target.answers if answer["type"] is None] == to


@pytest.mark.parametrize("server", SERVERS)
async def test_a_redirect_to_https_and_a_host_that_is_refused(server: str, shops: Shops) -> None:
    statuses, failures, target = await shops.fired_at("atomic, by HTTPS", server, "/form/")
    assert (set(statuses), set(failures)) == ({301}, {Failure.REDIRECTED})
    (answer,) = target.answers
    assert answer["where"] == f"https://127.0.0.1:{target.port}/form/"
