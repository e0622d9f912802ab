"""What the inspector tells of a stranger's views: whose code, which family, which methods."""

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
def test_what_is_told_of_a_view(inspector: Any, row: tuple[Any, ...]) -> None:
    view, source, function, family, methods, login = row
    told = inspector("liveburst_views").about(view)
    assert told["view"] == (source and f"{written.HERE}:{source}")
    assert (told["function"], told["family"]) == (function, family)
    assert told["methods"] == methods
    assert told["reads"] == (methods is None or "GET" in methods)
    assert (told["login"], told["own"]) == (login, True)


def test_what_an_installed_package_brings_is_not_the_project_s_own(inspector: Any) -> None:
    told = inspector("liveburst_views").about(serve)
    assert (told["own"], told["view"]) == (False, "django.views.static:serve")
    assert told["files"]


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
def test_a_path_is_told_as_plainly_as_its_pattern_allows(
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


def test_a_view_that_cannot_be_looked_into_costs_no_other_its_place(inspector: Any) -> None:
    class Spiteful:
        def __call__(self, request: Any) -> None: ...

        def __getattribute__(self, name: str) -> Any:
            raise RuntimeError(name)

    routes = walked(inspector, path("a/", written.bare(Spiteful())), path("b/", written.report))
    assert [route["path"] for route in routes] == ["/a/", "/b/"]


def test_a_project_that_wants_everybody_logged_in(inspector: Any, settings: Any) -> None:
    settings.MIDDLEWARE = ["django.contrib.auth.middleware.LoginRequiredMiddleware"]
    from django.contrib.auth.decorators import login_not_required

    def front(request: HttpRequest) -> HttpResponse:
        return written.OK

    found = walked(inspector, path("a/", written.report), path("b/", login_not_required(front)))
    assert [route["login"] for route in found] == [True, False]


def test_websockets_are_found_through_what_is_wrapped_around_them(inspector: Any) -> None:
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
    found = inspector("liveburst_sockets").sockets(application)
    assert [
        (one["path"], one["function"], one["family"], one["checks_origin"]) for one in found
    ] == [("/ws/chat/<room>/", "Chat", "async", True), ("/echo/", "Echo", "sync", True)]
    assert inspector("liveburst_sockets").sockets(object()) == []
    assert inspector("liveburst_sockets").sockets_of("not.there:application") == []
