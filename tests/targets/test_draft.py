"""What a lab.toml is drafted from: routes that pair, servers that are there, what is refused."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dashboard.targets.draft import draft, has_scenario
from dashboard.targets.inspection import Inspection, Route
from dashboard.targets.manifest import load_manifest

SHOP = Path("/srv/shop")


def route(function: str, family: str = "sync", **changes: Any) -> Route:
    plain = Route(
        path=f"/{function}/",
        namespace="",
        parameters={},
        view=f"shop.views:{function}",
        function=function,
        family=family,
        reads=True,
        login=False,
        files=False,
    )
    return replace(plain, **changes)


def seen(*routes: Route, **changes: Any) -> Inspection:
    plain = Inspection(
        directory=SHOP,
        python=SHOP / ".venv/bin/python",
        python_version="3.12.1",
        django="5.2",
        settings="shop.settings",
        wsgi="shop.wsgi:application",
        asgi="shop.asgi:application",
        debug=False,
        allowed_hosts=("*",),
        login_url="/login/",
        servers=(),
        databases=(),
        routes=routes,
    )
    return replace(plain, **changes)


def scenarios(inspection: Inspection) -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads(draft(inspection, SHOP)).get("scenario", {})
    return found


@pytest.mark.parametrize(
    ("sync", "other", "name"),
    [
        ("report", "async_report", "report"),
        ("report", "report_async", "report"),
        ("report", "areport", "report"),
        ("report_sync", "report_async", "report"),
        ("sync", "async_", "views"),
        ("ReportView", "AsyncReportView", "reportview"),
        ("ReportView", "ReportAsyncView", "reportview"),
    ],
)
def test_views_that_differ_by_their_family_are_one_scenario(
    sync: str, other: str, name: str
) -> None:
    found = scenarios(seen(route(sync), route(other, "async")))
    assert len(found) == 1
    assert {key: one["path"] for key, one in next(iter(found.values()))["variant"].items()} == {
        "sync": f"/{sync}/",
        "async": f"/{other}/",
    }


@pytest.mark.parametrize(
    "routes",
    [
        (route("report"), route("async_report")),  # both are sync, whatever they are called
        (route("about"), route("bout")),  # no family at all
        (route("report"), route("async_report", "async", view="blog.views:async_report")),
    ],
)
def test_others_are_not_paired(routes: tuple[Route, ...]) -> None:
    assert all(len(one["variant"]) == 1 for one in scenarios(seen(*routes)).values())
    assert len(scenarios(seen(*routes))) == 2


def test_lanes_differ_in_one_thing_at_a_time_and_prefer_servers_that_are_there() -> None:
    pair = (route("report"), route("async_report", "async"))
    lanes = [scenarios(seen(*pair, servers=there))["report"]["lanes"] for there in ((), SERVERS)]
    assert lanes == [
        ["sync@gunicorn-gthread", "sync@uvicorn", "async@uvicorn"],
        ["sync@waitress", "sync@daphne", "async@daphne"],
    ]


SERVERS = ("waitress", "daphne", "granian")


@pytest.mark.parametrize(
    ("changes", "remark"),
    [
        ({"namespace": "admin"}, "The admin's 1 routes were left out."),
        ({"parameters": {"pk": "int"}}, "its path needs a value for pk"),
        ({"path": "/(^a+$)"}, "its path is a regular expression"),
        ({"reads": False}, "it does not answer GET"),
        ({"login": True}, "it wants a login"),
        ({"files": True}, "it serves files"),
    ],
)
def test_what_gets_no_scenario_is_said(changes: dict[str, Any], remark: str) -> None:
    text = draft(seen(route("report", **changes)), SHOP)
    assert remark in text
    assert not has_scenario(text)


def test_two_paths_to_one_view_are_measured_once_and_names_are_never_alike() -> None:
    twice = route("report", path="/also/")
    elsewhere = route("report", view="blog.views:report", path="/blog/report/")
    found = scenarios(seen(route("report"), twice, elsewhere))
    assert sorted(found) == ["blog-report", "report"]


@pytest.mark.parametrize(
    ("changes", "host"),
    [
        ({"allowed_hosts": ("shop.example",)}, "shop.example"),
        ({"allowed_hosts": (".shop.example",)}, "shop.example"),
        ({"allowed_hosts": ("*",)}, None),
        ({"allowed_hosts": (), "debug": True}, None),
        ({"allowed_hosts": (), "debug": False}, "localhost"),
    ],
)
def test_a_host_that_is_allowed_is_said(changes: dict[str, Any], host: str | None) -> None:
    variant = scenarios(seen(route("report"), **changes))["report"]["variant"]["sync"]
    assert variant.get("headers", {}).get("Host") == host


def test_odd_names_make_a_file_that_can_be_read(tmp_path: Path) -> None:
    odd = route('re"port\\', path='/re"port\\/', view=None)
    inspection = seen(odd, directory=tmp_path, python=None, settings='s"hop.settings')
    (tmp_path / "lab.toml").write_text(draft(inspection, tmp_path))
    assert list(load_manifest(tmp_path / "lab.toml").scenarios) == ["re-port"]
