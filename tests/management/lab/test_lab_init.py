"""`manage.py lab init` on a new project: the file that it writes runs unedited."""

from __future__ import annotations

import json
import os
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from dashboard.management.lab_init.command import init
from dashboard.project.labtoml.schema import lab_schema
from dashboard.wire.errors import InvalidManifest
from tests.management.command import new_project, refusal, run
from tests.targets.helpers import marked, until

pytestmark = pytest.mark.servers
MARK = f"liveburst-test-init-{os.getpid()}"

VIEWS = """
import asyncio
import time

from django.contrib.auth.decorators import login_required
from django.http import JsonResponse
from django.views.decorators.http import require_POST


def report(request):
    time.sleep(0.05)
    return JsonResponse({"report": 1})


async def async_report(request):
    await asyncio.sleep(0.05)
    return JsonResponse({"report": 1})


@login_required
def account(request):
    return JsonResponse({})


@require_POST
def order(request):
    return JsonResponse({})


def product(request, number):
    return JsonResponse({"number": number})
"""
MORE_VIEWS = """

from django.http import HttpResponse


def login(request):
    return HttpResponse('<form method="post"><input name="login"><input type="password" name="pw">')


def broken(request):
    raise ValueError("no such thing")
"""
URLS = """
from django.contrib import admin
from django.urls import path, re_path

from . import views

urlpatterns = [
    path("admin/", admin.site.urls),
    path("report/", views.report),
    path("report-async/", views.async_report),
    path("account/", views.account),
    path("order/", views.order),
    path("product/<int:number>/", views.product),
    re_path(r"^old/([0-9]+)/$", views.product),
]
"""


MORE_URLS = """
urlpatterns += [path("accounts/login/", views.login), path("übersicht/broken/", views.broken)]
"""
OURS = ("--python", "python")


def manage(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(home, MARK, *arguments)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """What `django-admin startproject` makes, with views written by hand."""
    directory = new_project(tmp_path / "shop")
    (directory / "shop" / "views.py").write_text(VIEWS)
    (directory / "shop" / "urls.py").write_text(URLS)
    return directory


def test_a_drafted_file_runs_unedited(shop: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    drafted = manage(home, "lab", "init", str(shop), *OURS)
    assert drafted.returncode == 0, drafted.stderr
    file = shop / "lab.toml"
    scenarios = tomllib.loads(file.read_text())["scenario"]
    assert list(scenarios) == ["report"]
    assert file.read_text().startswith("#:schema ./lab.schema.json\n")
    assert (shop / "lab.schema.json").read_text() == lab_schema()
    assert {name: variant["path"] for name, variant in scenarios["report"]["variant"].items()} == {
        "sync": "/report/",
        "async": "/report-async/",
    }

    fired = manage(home, "burst", "report", "--project", str(file), "-n", "20", "--json", "-")
    assert fired.returncode == 0, fired.stderr
    lanes = json.loads(fired.stdout)["lanes"]
    assert [lane["ok"] for lane in lanes] == [60, 60, 60]
    assert until(lambda: not marked(MARK))


def test_excluded_routes_are_noted_in_the_file(shop: Path) -> None:
    call_command("lab", "init", str(shop), *OURS)
    text = (shop / "lab.toml").read_text()
    for remark in (
        "# - DEBUG is true",
        "# - /account/: it requires a login",
        "# - /order/: it does not answer GET, but POST",
        "# - /product/<int:number>/: its path needs a value for number",
        "# - /(^old/([0-9]+)/$): its path is a regular expression",
        "# - Left out: ",
    ):
        assert remark in text


def test_every_path_is_requested_once_and_the_login_form_is_found(
    shop: Path, tmp_path: Path
) -> None:
    for name, more in (("views", MORE_VIEWS), ("urls", MORE_URLS)):
        with (shop / "shop" / f"{name}.py").open("a") as file:
            file.write(more)
    drafted = manage(tmp_path / "home", "lab", "init", str(shop), *OURS, "--try")
    assert drafted.returncode == 0, drafted.stderr
    assert "3 of 5 paths can be fired at as they are" in drafted.stdout
    assert "1 path seems to require a login: set SHOP_USER and SHOP_PASSWORD in" in drafted.stdout
    text = (shop / "lab.toml").read_text()
    read = tomllib.loads(text)
    assert list(read["scenario"]) == ["report", "login"]
    assert read["project"]["login"]["path"] == "/accounts/login/"
    assert "# /übersicht/broken/ answered 500: ValueError: no such thing (shop/views.py:" in text
    assert "# /account/ answered 302 to /accounts/login/\n# [scenario.account]" in text
    assert until(lambda: not marked(MARK))


LOGIN_VIEWS = """

from django.http import HttpResponse, HttpResponseRedirect
from django.views.decorators.csrf import csrf_exempt


@csrf_exempt
def login(request):
    if (request.POST.get("login"), request.POST.get("pw")) == ("ann", "correct-horse"):
        response = HttpResponseRedirect("/account/")
        response.set_cookie("ticket", "a-long-enough-ticket")
        return response
    form = '<form method="post"><input name="login"><input type="password" name="pw"></form>'
    return HttpResponse(form + '<p class="error">No such user</p>')


def inside(request):
    if request.COOKIES.get("ticket") != "a-long-enough-ticket":
        return HttpResponseRedirect("/accounts/login/")
    return JsonResponse({})
"""
LOGIN_URLS = """
urlpatterns += [path("accounts/login/", views.login), path("inside/", views.inside)]
"""


@pytest.mark.parametrize(
    ("password", "printed"),
    [
        ("correct-horse", "4 of 5 paths can be fired at as they are, by one GET each at"),
        ("wrong-horse", "failed: gunicorn-gthread: expected the login to answer with a redirect,"),
        (None, "set SHOP_USER and SHOP_PASSWORD in the environment, then run this again with"),
    ],
)
def test_set_variables_of_the_login_are_used(
    password: str | None,
    printed: str,
    shop: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, more in (("views", LOGIN_VIEWS), ("urls", LOGIN_URLS)):
        with (shop / "shop" / f"{name}.py").open("a") as file:
            file.write(more)
    if password:
        monkeypatch.setenv("SHOP_USER", "ann")
        monkeypatch.setenv("SHOP_PASSWORD", password)
    home = tmp_path / "home"
    drafted = manage(home, "lab", "init", str(shop), *OURS, "--try")
    assert drafted.returncode == 0, drafted.stderr
    text = (shop / "lab.toml").read_text()
    assert printed in drafted.stdout
    assert "horse" not in text + drafted.stdout + drafted.stderr
    assert ("inside" in tomllib.loads(text)["scenario"]) is (password == "correct-horse")
    if password != "correct-horse":
        return
    assert ", 1 of them logged in." in drafted.stdout
    assert "# /account/ answered 302 to /accounts/login/ (logged in)\n" in text
    fired = manage(
        home, "burst", "inside", "--project", str(shop / "lab.toml"), "-n", "20", "--json", "-"
    )
    assert fired.returncode == 0, fired.stderr
    assert {lane["ok"] for lane in json.loads(fired.stdout)["lanes"]} == {60}


def test_a_target_that_does_not_start_is_quoted_and_the_draft_written(
    shop: Path, tmp_path: Path
) -> None:
    with (shop / "shop" / "wsgi.py").open("a") as file:
        file.write("\nif 'LIVEBURST_APP' in os.environ:\n    raise OSError('no cache there')\n")
    drafted = manage(tmp_path / "home", "lab", "init", str(shop), *OURS, "--try")
    assert drafted.returncode == 3
    assert "Nothing was tried: " in drafted.stdout
    assert "OSError: no cache there" in drafted.stderr
    text = (shop / "lab.toml").read_text()
    assert "# OSError: no cache there" in text
    assert list(tomllib.loads(text)["scenario"]) == ["report"]


def test_an_existing_file_is_kept(shop: Path) -> None:
    (shop / "lab.toml").write_text("mine")
    refused = refusal("lab", "init", str(shop), *OURS)
    assert refused.returncode == 2
    assert "--force" in str(refused)
    assert (shop / "lab.toml").read_text() == "mine"
    call_command("lab", "init", str(shop), *OURS, "--force")
    assert (shop / "lab.toml").read_text() != "mine"


def test_a_project_that_does_not_import_is_quoted(shop: Path, tmp_path: Path) -> None:
    (shop / "shop" / "views.py").write_text("import not_installed\n")
    refused = manage(tmp_path / "home", "lab", "init", str(shop), *OURS)
    assert refused.returncode == 3
    assert "No module named 'not_installed'" in refused.stderr
    assert "  at shop/views.py:1 in <module>: import not_installed" in refused.stderr
    assert "(the interpreter is Liveburst's own; --python takes another)" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert "liveburst_" not in refused.stderr
    assert not (shop / "lab.toml").exists()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"path": Path("missing")}, "path: expected a directory, found 'missing'"),
        ({}, "path: expected a manage.py in, below or above"),
        ({"python": "nowhere/python"}, "python: expected an interpreter, found 'nowhere/python'"),
        ({"output": Path("nowhere/lab.toml")}, "output: expected a file in a directory"),
    ],
)
def test_bad_usage_names_the_field(tmp_path: Path, changes: dict[str, Any], expected: str) -> None:
    options = {
        "path": tmp_path,
        "python": None,
        "settings_module": None,
        "output": None,
        "force": False,
        **changes,
    }
    with pytest.raises(InvalidManifest) as refused:
        init(options)
    assert str(refused.value).startswith(expected)


def test_settings_are_those_given(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "shop" / "other.py").write_text("from .settings import *\nDEBUG = False\n")
    call_command("lab", "init", str(shop), *OURS, "--settings", "shop.other")
    assert "Settings: shop.other." in capsys.readouterr().out
    project = tomllib.loads((shop / "lab.toml").read_text())["project"]
    assert project["env"] == {"DJANGO_SETTINGS_MODULE": "shop.other"}


def test_without_a_terminal_our_own_interpreter_is_never_used_silently(
    shop: Path, tmp_path: Path
) -> None:
    refused = manage(tmp_path / "home", "lab", "init", str(shop))
    assert refused.returncode == 2
    assert f"python: found no virtualenv of {shop}; give --python PATH" in refused.stderr
    assert "--python python for Liveburst's own" in refused.stderr
