"""Exit status of a run in which a lane had no success: a job must not take it for a measurement."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from dashboard.analysis.report.expectations import Expectation
from dashboard.management.without_success import (
    lanes_without_success,
    print_without_success,
    succeeded,
)
from tests.management.command import new_project, run

MARK = f"liveburst-test-success-{os.getpid()}"


def _report(**lanes: tuple[int, int, dict[str, int]]) -> Any:
    return {
        "lanes": [
            {"lane": f"{name}@daphne", "requests": requests, "ok": ok, "errors": errors}
            for name, (requests, ok, errors) in lanes.items()
        ]
    }


@pytest.mark.parametrize(
    ("errors", "words"),
    [
        ({"http-500": 6}, "none of 6 requests succeeded (6 http-500)"),
        ({"http-404": 6}, "none of 6 requests succeeded (6 http-404)"),
        ({"redirected-before-view": 6}, "(6 redirected before the view)"),
        ({"sent-to-login": 6}, "(6 sent to a login)"),
        ({"refused": 6}, "(6 refused)"),
        ({"timeout": 6}, "(6 timeout)"),
        ({"timeout": 2, "reset": 4}, "(2 timeout, 4 reset)"),
    ],
)
def test_a_lane_without_a_success_is_named_however_it_failed(
    errors: dict[str, int], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    report = _report(good=(6, 6, {}), some=(6, 1, {"timeout": 5}), bad=(6, 0, errors))
    lanes = lanes_without_success(report)
    assert [lane["lane"] for lane in lanes] == ["bad@daphne"]
    print_without_success(lanes)
    printed = capsys.readouterr()
    assert printed.err.startswith("bad@daphne was not measured: none of 6 requests succeeded")
    assert words in printed.err
    assert printed.out == ""


def test_a_lane_of_which_no_round_counts_was_not_measured_either(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_without_success(lanes_without_success(_report(late=(0, 0, {}))))
    assert capsys.readouterr().err == (
        "late@daphne was not measured: none of 0 requests succeeded.\n"
    )


@pytest.mark.parametrize(
    ("expectation", "expected"),
    [
        ("bad@daphne.errors > 0", []),
        ("bad@daphne.errors.http-500 > 5", []),
        ("bad@daphne.ok < 1", []),
        ("bad@daphne.makespan_s < 1", ["bad@daphne"]),
        ("good@daphne.errors < 1", ["bad@daphne"]),
        ("bad@daphne.views.called > 0", ["bad@daphne"]),
    ],
)
def test_an_expectation_on_its_failures_decides_instead(
    expectation: str, expected: list[str]
) -> None:
    report = _report(good=(6, 6, {}), bad=(6, 0, {"http-500": 6}))
    lanes = lanes_without_success(report, [Expectation.parse(expectation)])
    assert [lane["lane"] for lane in lanes] == expected


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([(None, None), (6, 6)], False),
        ([(None, None), (6, 5)], True),
        ([(6, 6), (6, 0)], True),
        ([(6, 6), (6, 6)], False),
        ([], False),
    ],
)
def test_a_matrix_needs_one_success(
    cells: list[tuple[int | None, int | None]], expected: bool
) -> None:
    numbers: Any = [{"requests": sent, "failed": failed} for sent, failed in cells]
    assert succeeded(numbers) is expected


LAB = """
[project]
name = "shop"
wsgi = "shop.wsgi:application"
env = { DJANGO_SETTINGS_MODULE = "shop.settings" }
[scenario.any]
title = "Views that fail"
lanes = ["good@gunicorn-sync", "raises@gunicorn-sync", "missing@gunicorn-sync", \
"moved@gunicorn-sync", "slow@gunicorn-gthread"]
load = { requests = 2, rounds = 1 }
""" + "".join(
    f'[scenario.any.variant.{name}]\nfamily = "sync"\npath = "{path}"\n'
    for name, path in {
        "good": "/good/",
        "raises": "/raises/",
        "missing": "/nowhere/",
        "moved": "/good",
        "slow": "/slow/",
    }.items()
)
URLS = """
import time
from django.http import HttpResponse
from django.urls import path


def good(request):
    return HttpResponse("good")


def raises(request):
    raise KeyError("id")


def slow(request):
    time.sleep(1)
    return HttpResponse("late")


urlpatterns = [path("good/", good), path("raises/", raises), path("slow/", slow)]
"""
WHY = {
    "raises@gunicorn-sync": "(2 http-500)",
    "missing@gunicorn-sync": "(2 http-404)",
    "moved@gunicorn-sync": "(2 redirected before the view)",
    "slow@gunicorn-gthread": "(2 timeout)",
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = new_project(tmp_path_factory.mktemp("shop") / "shop")
    (directory / "shop" / "urls.py").write_text(URLS)
    (directory / "lab.toml").write_text(LAB)
    return directory


@pytest.mark.servers
def test_a_burst_exits_with_4_and_keeps_its_report(shop: Path, tmp_path: Path) -> None:
    lab = str(shop / "lab.toml")
    options = ("--project", lab, "--timeout", "0.4", "--no-neighbour", "--json", "-")
    fired = run(tmp_path / "home", MARK, "burst", "any", *options)
    assert fired.returncode == 4, fired.stderr
    for lane, why in WHY.items():
        assert f"{lane} was not measured: none of 2 requests succeeded {why}." in fired.stderr
    assert "good@gunicorn-sync was not measured" not in fired.stderr
    report = json.loads(fired.stdout)
    assert report["status"] == "finished"
    assert [lane["ok"] for lane in report["lanes"]] == [2, 0, 0, 0, 0]


@pytest.mark.servers
def test_failures_that_are_expected_exit_with_0(shop: Path, tmp_path: Path) -> None:
    lane = "raises@gunicorn-sync"
    options = ("--project", str(shop / "lab.toml"), "--lane", lane, "--no-neighbour")
    expected = ("--expect", f"{lane}.errors.http-500 > 1")
    fired = run(tmp_path / "home", MARK, "burst", "any", *options, *expected)
    assert fired.returncode == 0, fired.stderr


@pytest.mark.servers
def test_a_matrix_without_a_success_exits_with_4(shop: Path, tmp_path: Path) -> None:
    options = ("--project", str(shop / "lab.toml"), "--variant", "raises", "-n", "2")
    servers = ("--server", "gunicorn-sync", "--rounds", "1")
    fired = run(tmp_path / "home", MARK, "matrix", "any", *options, *servers)
    assert fired.returncode == 4, fired.stderr
    assert "Nothing was measured: no request succeeded." in fired.stderr
