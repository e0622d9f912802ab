"""Drafts: pairs of routes, choice of servers, routes left out, valid files."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from dashboard.project.labtoml.load import load_manifest
from dashboard.targets.onboarding.draft.lab_toml import draft_lab_toml, has_scenario
from dashboard.targets.onboarding.inspection import Inspection
from dashboard.targets.onboarding.route import Route, WebsocketRoute
from dashboard.targets.onboarding.trial_requests import TrialAnswer, TrialResult

SHOP = Path("/srv/shop")
NUMBERS = count()


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
        module="shop.views",
        callable_id=next(NUMBERS),
        application="shop",
    )
    module = (changes.get("view") or plain.view or "").partition(":")[0]
    return replace(plain, **{"module": module, **changes})


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
    tables: dict[str, Any] = tomllib.loads(draft_lab_toml(inspection, SHOP)).get("scenario", {})
    return tables


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
    drafted = scenarios(seen(route(sync), route(other, "async")))
    assert len(drafted) == 1
    assert {
        key: variant["path"] for key, variant in next(iter(drafted.values()))["variant"].items()
    } == {
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
    assert all(len(variant["variant"]) == 1 for variant in scenarios(seen(*routes)).values())
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
        ({"namespace": "admin"}, "Left out: 1 route of the admin."),
        ({"parameters": {"pk": "int"}}, "its path needs a value for pk"),
        ({"path": "/(^a+$)", "regex": True}, "its path is a regular expression"),
        ({"reads": False, "methods": ("POST",)}, "it does not answer GET, but POST"),
        ({"login": True}, "it requires a login"),
        ({"files": True}, "it serves files"),
    ],
)
def test_routes_without_a_scenario_are_noted(changes: dict[str, Any], remark: str) -> None:
    text = draft_lab_toml(seen(route("report", **changes)), SHOP)
    assert remark in text
    assert not has_scenario(text)


def test_a_path_that_occurs_again_is_noted_once_and_never_beside_its_scenario() -> None:
    # as django-ninja's, which makes a pattern of each operation
    item = [route(f"op{number}", path="/item/<pk>/", parameters={"pk": "str"}) for number in "123"]
    user = [route("user", path="/user/", login=True), route("put", path="/user/", login=True)]
    routes = seen(*item, *user)
    text = draft_lab_toml(routes, SHOP)
    assert text.count("# - /item/<pk>/: its path needs a value for pk.") == 1
    assert text.count("# - /user/: it requires a login") == 1
    tried = TrialResult("daphne", {"/user/": TrialAnswer(True, "answered 200", logged_in=True)})
    text = draft_lab_toml(routes, SHOP, tried)
    assert "# - /user/:" not in text
    assert text.count("# - /item/<pk>/: its path needs a value for pk.") == 1


def test_two_paths_to_one_view_are_measured_once_and_names_are_never_alike() -> None:
    once = route("report")
    twice = route("report", path="/also/", callable_id=once.callable_id)
    elsewhere = route("report", view="blog.views:report", path="/blog/report/")
    drafted = scenarios(seen(once, twice, elsewhere))
    assert [scenario["title"] for scenario in drafted.values()] == ["/report/", "/blog/report/"]
    assert sorted(drafted) == ["blog-report", "report"]


def test_a_path_that_an_earlier_pattern_takes_is_never_reached() -> None:
    first, second = route("order", path="/x/", reads=False), route("report", path="/x/")
    assert not has_scenario(draft_lab_toml(seen(first, second), SHOP))


@pytest.mark.parametrize(
    ("sync", "other", "name"),
    [
        # as DRF and adrf, whose callables are all called alike
        (("views:report", "/a/"), ("views:areport", "/b/"), "report"),
        (("views:Reports", "/a/"), ("views:AsyncReports", "/b/"), "reports"),
        (("views:ReportAPIView", "/a/"), ("views:ReportAsyncAPIView", "/b/"), "reportapiview"),
        (("views:Users.list", "/a/"), ("views:AsyncUsers.alist", "/b/"), "users-list"),
        (("views:SyncX", "/a/"), ("views:AsyncX", "/b/"), "x"),
        # modules
        (("views:report", "/a/"), ("async_views:report", "/b/"), "report"),
        (("views.sync:report", "/a/"), ("views.async_:report", "/b/"), "report"),
        # paths
        (("views:x", "/sync/report/"), ("other:y", "/async/report/"), "x"),
        (("views:x", "/report/"), ("other:y", "/report/async/"), "x"),
        (("api:hello", "/api/hello"), ("other:hello", "/async-api/hello"), "hello"),
    ],
)
def test_pairs_are_found_by_code_module_or_path(
    sync: tuple[str, str], other: tuple[str, str], name: str
) -> None:
    def one(code: str, path: str, family: str) -> Route:
        return route(code.partition(":")[2], family, view=f"shop.{code}", path=path)

    decoy = route("decoy", path="/decoy/")
    drafted = scenarios(seen(one(*sync, "sync"), decoy, one(*other, "async")))
    assert list(drafted) == [name, "decoy"]
    assert {key: at["path"] for key, at in drafted[name]["variant"].items()} == {
        "sync": sync[1],
        "async": other[1],
    }


def test_routes_whose_callables_share_a_name_keep_their_own() -> None:
    """TemplateView, a view made by a factory, a class at two paths, ViewSets."""
    drafted = scenarios(
        seen(
            *(route("TemplateView", path=path, name=None) for path in ("/about/", "/terms/")),
            *(
                route("view", path=f"/{name}/", view=None, name=name)
                for name in ("first", "second")
            ),
            route("Users.list", path="/users/", name="user-list"),
            route("Users.recent", path="/users/recent/", name="user-recent"),
            route("Users.list", path="/v2/users/", name="user-list"),
        )
    )
    assert list(drafted) == [
        *("about", "terms", "first", "second", "users", "user-recent", "v2-users"),
    ]


@pytest.mark.parametrize(
    ("path", "requested"),
    [
        ("/übersicht/", "/%C3%BCbersicht/"),
        ("/my report/", "/my%20report/"),
        ("/q\"u'o/", "/q%22u'o/"),
        ("/br{ace}/", "/br%7Bace%7D/"),
        ("/100%/", "/100%25/"),
        ("/a?b#c/", "/a%3Fb%23c/"),
        ("/back\\slash/", "/back%5Cslash/"),
        ("/\u0007\n\x7f/", "/%07%0A%7F/"),
        ("/a(b)+c/", "/a(b)+c/"),
        ("/概要/", "/%E6%A6%82%E8%A6%81/"),
    ],
)
def test_paths_are_encoded_as_by_a_browser(tmp_path: Path, path: str, requested: str) -> None:
    odd = route("odd", path=path)
    inspection = seen(odd, route("report"), directory=tmp_path, python=None)
    (tmp_path / "lab.toml").write_text(draft_lab_toml(inspection, tmp_path))
    project = load_manifest(tmp_path / "lab.toml")
    assert [
        variant.url_path({})
        for scenario in project.scenarios.values()
        for variant in scenario.variants.values()
    ] == [requested, "/report/"]


def test_an_invalid_scenario_is_a_comment_with_the_reason(tmp_path: Path) -> None:
    odd = route("odd", view="not an import")
    inspection = seen(odd, route("report"), directory=tmp_path, python=None)
    text = draft_lab_toml(inspection, tmp_path)
    (tmp_path / "lab.toml").write_text(text)
    assert list(load_manifest(tmp_path / "lab.toml").scenarios) == ["report"]
    assert "# lab.toml: scenario.odd.variant.sync.source: expected an import" in text
    assert "# [scenario.odd]" in text


def test_own_routes_come_first_and_the_others_are_counted_by_application() -> None:
    others = [route(f"page{n}", own=False, application="allauth") for n in range(30)]
    own = [route(f"post{n}", application="blog") for n in range(50)]
    pair = (route("report"), route("areport", "async"))
    text = draft_lab_toml(seen(*others, *own, *pair), SHOP)
    names = list(tomllib.loads(text)["scenario"])
    assert names == ["report", *(f"post{n}" for n in range(39))]
    assert "There would be more: 11 of `blog`, 30 of `allauth`." in text


def test_excluded_routes_are_listed_up_to_a_bound() -> None:
    own = [route(f"post{n}", reads=False, application="blog") for n in range(40)]
    others = [route(f"page{n}", login=True, own=False, application="allauth") for n in range(5)]
    text = draft_lab_toml(seen(*own, *others), SHOP)
    assert text.count("it does not answer GET") == 30
    assert "Left out for such reasons, too: 10 of `blog`, 5 of `allauth`." in text


def test_a_second_path_of_a_drafted_callable_is_not_listed_as_excluded() -> None:
    users = route("Users.list", path="/users/")
    suffixed = replace(users, path="/users.<format>/", parameters={"format": "str"})
    assert "format" not in draft_lab_toml(seen(users, suffixed), SHOP)


def socket(path: str = "/ws/", **changes: Any) -> WebsocketRoute:
    plain = WebsocketRoute(
        *(path, False, {}, True, "shop.consumers:Chat", "Chat", "shop", True, "async")
    )
    return replace(plain, **changes)


def test_websockets_are_drafted_as_comments_or_mentioned(tmp_path: Path) -> None:
    sockets = (socket(), socket("/ws/<room>/", parameters={"room": "str"}))
    inspection = seen(
        *(route("report"), route("other")), sockets=sockets, directory=tmp_path, python=None
    )
    text = draft_lab_toml(inspection, tmp_path)
    assert "/ws/<room>/ is a websocket; its path needs a value for room." in text
    scenario = text[text.index("# /ws/ is a websocket.") :].split("\n", 1)[1]
    (tmp_path / "lab.toml").write_text(
        text + "".join(line.removeprefix("# ") + "\n" for line in scenario.splitlines())
    )
    variant = load_manifest(tmp_path / "lab.toml").scenarios["ws"].variants["async"]
    assert (variant.path, variant.websocket, variant.needs) == ("/ws/", True, "asgi")
    assert dict(variant.headers) == {"Origin": "http://localhost"}
    file = tmp_path / "lab.toml"
    file.write_text(
        file.read_text().replace("\n# message", "\nmessage").replace("\n# ans", "\nans")
    )
    load_manifest(file)  # what it proposes for a consumer that is no echo can be read, too


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
def test_an_allowed_host_is_sent(changes: dict[str, Any], host: str | None) -> None:
    variant = scenarios(seen(route("report"), **changes))["report"]["variant"]["sync"]
    assert variant.get("headers", {}).get("Host") == host


def test_odd_names_make_a_valid_file(tmp_path: Path) -> None:
    odd = route('re"port\\', path='/re"port\\/', view=None)
    inspection = seen(odd, directory=tmp_path, python=None, settings='s"hop.settings')
    (tmp_path / "lab.toml").write_text(draft_lab_toml(inspection, tmp_path))
    assert list(load_manifest(tmp_path / "lab.toml").scenarios) == ["re-port"]


def test_environment_and_applications_are_drafted() -> None:
    text = draft_lab_toml(
        seen(
            route("report"),
            asgi="liveburst_django:asgi",
            env={"DJANGO_SETTINGS_MODULE": "shop.settings", "PYTHONPATH": "src"},
            env_files=(".env",),
            env_unknown=("TOKEN",),
        ),
        SHOP,
    )
    project = tomllib.loads(text)["project"]
    assert project["asgi"] == "liveburst_django:asgi"
    assert project["env"] == {"DJANGO_SETTINGS_MODULE": "shop.settings", "PYTHONPATH": "src"}
    assert project["inherit_env"] == ["TOKEN"]
    assert project["env_files"] == [".env"]
    assert "# Django's own get_asgi_application(): the project has no asgi.py" in text
    assert "manage.py sets TOKEN to a value not written here" in text


def test_a_broken_asgi_module_has_no_lanes_and_its_exception_is_noted() -> None:
    broken = {"asgi": "shop.asgi: ImportError: no cart"}
    inspection = seen(route("report"), asgi=None, broken=broken)
    assert scenarios(inspection)["report"]["lanes"] == ["sync@gunicorn-gthread"]
    text = draft_lab_toml(inspection, SHOP)
    assert "# - No lanes under ASGI: shop.asgi: ImportError: no cart." in text
    assert '# asgi = "liveburst_django:asgi" # Django\'s own' in text


@pytest.mark.parametrize(
    ("python", "shown"),
    [
        (SHOP / ".venv/bin/python", ".venv/bin/python"),
        (SHOP.parent / "venv/bin/python", "../venv/bin/python"),
        (None, "python"),
    ],
)
def test_an_interpreter_nearby_is_relative(python: Path | None, shown: str) -> None:
    text = draft_lab_toml(seen(route("report"), python=python), SHOP)
    assert tomllib.loads(text)["project"]["python"] == shown
