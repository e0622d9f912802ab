"""A project with common problems: the run has a hint on each."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.management.command import run

pytestmark = pytest.mark.servers
MARK = f"liveburst-test-hints-{os.getpid()}"
LAB = """
[project]
name = "shop"
wsgi = "shop.wsgi:application"
env = { DJANGO_SETTINGS_MODULE = "shop.settings" }
[scenario.users]
title = "How many users there are"
lanes = ["sync@gunicorn-sync", "missing@gunicorn-sync", "private@gunicorn-sync"]
load = { requests = 5, rounds = 1 }
[scenario.users.variant.sync]
family = "sync"
path = "/users/"
[scenario.users.variant.missing]
family = "sync"
path = "/nowhere/"
[scenario.users.variant.private]
family = "sync"
path = "/private/"
"""
URLS = """
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import JsonResponse
from django.urls import path


def users(request):
    return JsonResponse({"users": User.objects.count()})


urlpatterns = [path("users/", users), path("private/", login_required(users))]
"""


def test_a_run_has_hints_on_the_project(tmp_path: Path) -> None:
    call_command("startproject", "shop", str(tmp_path))
    (tmp_path / "shop" / "urls.py").write_text(URLS)
    (tmp_path / "lab.toml").write_text(LAB)
    options = ("--project", str(tmp_path / "lab.toml"), "--json", "-")
    expectation = ("--expect", "private@gunicorn-sync.makespan_s < 1000")
    done = run(tmp_path / "home", MARK, "burst", "users", *options, *expectation)
    assert done.returncode == 1, done.stderr  # a lane that is sent to a login wins nothing
    assert "more than 1 % of the requests of private@gunicorn-sync failed" in done.stderr
    report = json.loads(done.stdout)
    users, _, private = report["lanes"]
    assert (private["ok"], private["errors"]) == (0, {"sent-to-login": 5})
    (raised,) = users["exceptions"]
    assert raised["message"] == "no such table: auth_user"
    warnings = report["warnings"]
    assert any("migrations are pending (" in warning for warning in warnings)
    for expected in (
        # A disturbed round is repeated, and its answers are among those that were read.
        r"sync@gunicorn-sync, missing@gunicorn-sync, private@gunicorn-sync: DEBUG is true",
        r"sync@gunicorn-sync: \d+ requests answered 500 by OperationalError: no such table:",
        r"private@gunicorn-sync: (\d+) of \1 requests were sent to a login \(302 to",
        r"private@gunicorn-sync: /private/ is behind a login: log in with \[project.login\]",
        r"missing@gunicorn-sync: every request was answered 404: the project serves nothing at",
    ):
        assert any(re.match(expected, warning) for warning in warnings), warnings
