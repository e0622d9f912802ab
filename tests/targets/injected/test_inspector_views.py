"""How the inspector describes a project's views: their code, family and methods."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import include, path, re_path
from django.views.generic import TemplateView
from django.views.static import serve

from dashboard.targets import injected

from . import third_party_views as written

INSPECTOR = injected.INSPECTOR


@pytest.fixture
def inspector(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(INSPECTOR)
    return import_module


@pytest.mark.parametrize("row", [pytest.param(row[1:], id=row[0]) for row in written.VIEWS])
def test_views_are_described(inspector: Any, row: tuple[Any, ...]) -> None:
    view, source, function, family, methods, login = row
    described = inspector("liveburst_views").about(view)
    assert described["view"] == (source and f"{written.HERE}:{source}")
    assert (described["function"], described["family"]) == (function, family)
    assert described["methods"] == methods
    assert described["reads"] == (methods is None or "GET" in methods)
    assert (described["login"], described["own"]) == (login, True)


def test_an_installed_packages_view_is_not_the_projects_own(inspector: Any) -> None:
    described = inspector("liveburst_views").about(serve)
    assert (described["own"], described["view"]) == (False, "django.views.static:serve")
    assert described["files"]


def walked(inspector: Any, *patterns: Any) -> list[dict[str, Any]]:
    return list(inspector("liveburst_routes").routes(SimpleNamespace(url_patterns=patterns)))


@pytest.mark.parametrize(
    ("pattern", "expected", "regex"),
    [
        (path("übersicht/", written.report), "/übersicht/", False),
        (path("a(b)/", written.report), "/a(b)/", False),
        (re_path(r"^plain/$", written.report), "/plain/", False),
        (re_path(r"^dots\.json/?$", written.report), "/dots.json/", False),
        (re_path(r"^item/(?P<pk>[^/.]+)\.(?P<kind>[a-z]+)/?$", written.report), None, False),
        (re_path(r"^(?P<a>(x|y))/$", written.report), "/<a>/", False),
        (re_path(r"^old/([0-9]+)/$", written.report), "/(^old/([0-9]+)/$)", True),
        (path("in/", include([re_path("^x+/$", written.report)])), "/in/(^x+/$)", True),
    ],
)
def test_a_path_is_as_plain_as_its_pattern_allows(
    inspector: Any, pattern: Any, expected: str | None, regex: bool
) -> None:
    (route,) = walked(inspector, pattern)
    assert route["path"] == (expected or "/item/<pk>.<kind>/")
    assert route["regex"] is regex


def test_a_callable_is_the_same_only_with_the_same_arguments(inspector: Any) -> None:
    about = TemplateView.as_view(template_name="about.html")
    terms = TemplateView.as_view(template_name="terms.html")
    routes = walked(
        inspector,
        path("a/", written.report),
        path("b/", written.report),
        path("c/", written.report, {"word": "c"}),
        path("about/", about),
        path("terms/", terms),
    )
    ids = [route["callable_id"] for route in routes]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 4


def test_a_view_that_cannot_be_inspected_hides_no_other(inspector: Any) -> None:
    class Spiteful:
        def __call__(self, request: Any) -> None: ...

        def __getattribute__(self, name: str) -> Any:
            raise RuntimeError(name)

    routes = walked(inspector, path("a/", written.bare(Spiteful())), path("b/", written.report))
    assert [route["path"] for route in routes] == ["/a/", "/b/"]


def test_a_project_with_login_required_middleware(inspector: Any, settings: Any) -> None:
    settings.MIDDLEWARE = ["django.contrib.auth.middleware.LoginRequiredMiddleware"]
    from django.contrib.auth.decorators import login_not_required

    def front(request: HttpRequest) -> HttpResponse:
        return written.OK

    routes = walked(inspector, path("a/", written.report), path("b/", login_not_required(front)))
    assert [route["login"] for route in routes] == [True, False]


def test_websockets_are_found_below_middleware(inspector: Any) -> None:
    from channels.auth import AuthMiddlewareStack
    from channels.generic.websocket import AsyncWebsocketConsumer, WebsocketConsumer
    from channels.routing import ProtocolTypeRouter, URLRouter
    from channels.security.websocket import AllowedHostsOriginValidator

    class Chat(AsyncWebsocketConsumer):  # type: ignore[misc]
        pass

    class Echo(WebsocketConsumer):  # type: ignore[misc]
        pass

    inner = URLRouter([re_path(r"^chat/(?P<room>\w+)/$", Chat.as_asgi())])
    router = URLRouter([path("ws/", inner), path("echo/", AuthMiddlewareStack(Echo.as_asgi()))])
    application = ProtocolTypeRouter(
        {"websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(router))}
    )
    sockets = inspector("liveburst_sockets").sockets(application)
    assert [
        (socket["path"], socket["function"], socket["family"], socket["checks_origin"])
        for socket in sockets
    ] == [("/ws/chat/<room>/", "Chat", "async", True), ("/echo/", "Echo", "sync", True)]
    assert inspector("liveburst_sockets").sockets(object()) == []
    assert inspector("liveburst_sockets").sockets_of("not.there:application") == []
