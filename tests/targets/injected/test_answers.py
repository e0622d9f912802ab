"""Exceptions, and redirects that may not be the view's, as the probe counts them in Django."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.handlers import exception as handling
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.base import BaseHandler
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import got_request_exception
from django.db import connections
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import path
from django.views.decorators.http import etag

from .calls import Call, Probe, ask, environ, wrapped

Answer = tuple[int, list[int]]  # status, and the probe's stamps
NO_VIEW = -2
NEVER_MORE = 300
LONG = "x" * 5000


class Unprintable(Exception):
    def __str__(self) -> str:
        raise ValueError("it cannot be printed")


def both(work: Callable[[HttpRequest], HttpResponseBase]) -> list[Any]:
    """The same view, sync and async."""

    def sync(request: HttpRequest) -> HttpResponseBase:
        return work(request)

    async def async_(request: HttpRequest) -> HttpResponseBase:
        await asyncio.sleep(0)
        return work(request)

    return [path(f"{work.__name__}/sync/", sync), path(f"{work.__name__}/async/", async_)]


def fine(request: HttpRequest) -> HttpResponse:
    return HttpResponse("fine")


def form(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect("/thanks/")


def private(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(f"/accounts/login/?next={request.path}")


@etag(lambda request: "same")
def unchanged(request: HttpRequest) -> HttpResponse:
    return HttpResponse("fine")


def broken(request: HttpRequest) -> HttpResponse:
    raise LookupError(f"no product {request.GET.get('q', '')}")


def missing(request: HttpRequest) -> HttpResponse:
    raise Http404("no such product")


def forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied("not for you")


def suspicious(request: HttpRequest) -> HttpResponse:
    raise SuspiciousOperation("what is this")


def host(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.get_host())


def talkative(request: HttpRequest) -> HttpResponse:
    raise RuntimeError(f"one\n  two {LONG}")


def speechless(request: HttpRequest) -> HttpResponse:
    raise Unprintable


def refuses(request: HttpRequest) -> HttpResponse:
    return HttpResponse("no", status=403)


def signalled(request: HttpRequest) -> HttpResponse:
    """As a framework does that handles exceptions itself, and sends Django's signal."""
    try:
        raise KeyError("caught")
    except KeyError:
        got_request_exception.send(sender=None, request=request)
        return HttpResponse("failed", status=500)


VIEWS = (
    *(fine, form, private, unchanged, broken, missing, forbidden, suspicious, host),
    *(talkative, speechless, refuses, signalled),
)
urlpatterns = [
    *(case for view in VIEWS for case in both(view)),
]


class Middlewares:
    """Middleware that answers before any view is called, or raises."""

    @staticmethod
    def elsewhere(get_response: Any) -> Any:
        return lambda request: HttpResponseRedirect("https://shop.example/?secret=1")

    @staticmethod
    def cached(get_response: Any) -> Any:
        return lambda request: HttpResponse("from the cache")

    @staticmethod
    def not_modified(get_response: Any) -> Any:
        return lambda request: HttpResponse(status=304)

    @staticmethod
    def raising(get_response: Any) -> Any:
        def middleware(request: HttpRequest) -> HttpResponse:
            raise ConnectionError("the session store is gone")

        return middleware


elsewhere, cached = Middlewares.elsewhere, Middlewares.cached
not_modified, raising = Middlewares.not_modified, Middlewares.raising


@pytest.fixture(autouse=True)
def project(settings: Any, monkeypatch: pytest.MonkeyPatch, probe: Probe) -> Iterator[ModuleType]:
    """This module as a project that the probe watches while a test runs."""
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = []
    settings.ALLOWED_HOSTS = ["localhost"]
    for name in ("make_view_atomic", "get_response", "get_response_async"):
        monkeypatch.setattr(BaseHandler, name, getattr(BaseHandler, name))
    respond = handling.response_for_exception
    monkeypatch.setattr(handling, "response_for_exception", respond)
    answers = probe.answers
    monkeypatch.setattr(answers, "DIRECTORY", str(Path(__file__).parent))
    answers.in_project.cache_clear()
    probe.django_views.watch_views()
    probe.django_errors.watch_errors()
    yield answers
    got_request_exception.disconnect(dispatch_uid="liveburst")


Get = Callable[..., Answer]


@pytest.fixture(params=["wsgi", "asgi"])
def get(request: pytest.FixtureRequest, probe: Probe) -> Get:
    """Ask the project for a path, under both of Django's handlers."""

    def under_wsgi(path: str, query: str = "", **more: str) -> Answer:
        variables = {**environ(path), "QUERY_STRING": query, **more}
        call = Call(wrapped(probe, WSGIHandler()), variables)
        call.body.close()
        return int(call.status[:3]), call.stamps

    def under_asgi(path: str, query: str = "", **more: str) -> Answer:
        given = {"HTTP_HOST": "localhost", **more}
        headers = [
            (name.removeprefix("HTTP_").replace("_", "-").lower().encode(), value.encode())
            for name, value in given.items()
        ]
        application = wrapped(probe, ASGIHandler(), "asgi")
        request = ask(application, path, query.encode(), headers)
        start = asyncio.run(request)[0]
        (value,) = [value for name, value in start["headers"] if name == b"liveburst"]
        return start["status"], [int(part) for part in value.split()]

    return under_wsgi if request.param == "wsgi" else under_asgi


KINDS = ["sync", "async"]


def news(probe: Probe) -> list[dict[str, Any]]:
    return probe.answers.ANSWERS.news() or []


RAISED = {
    "broken": (500, "LookupError", "no product 7"),
    "missing": (404, "django.http.response.Http404", "no such product"),
    "forbidden": (403, "django.core.exceptions.PermissionDenied", "not for you"),
    "suspicious": (400, "django.core.exceptions.SuspiciousOperation", "what is this"),
    "signalled": (500, "KeyError", "'caught'"),
    "speechless": (500, f"{__name__}.Unprintable", ""),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("view", RAISED)
def test_an_exception_is_quoted_once_and_counted(
    get: Get, probe: Probe, kind: str, view: str
) -> None:
    status, name, message = RAISED[view]
    for number in (7, 8):
        answered, stamps = get(f"/{view}/{kind}/", f"q={number}")
        assert answered == status
        assert min(stamps) > 0  # the view was called
    (answer,) = news(probe)
    where = answer.pop("where")
    assert answer == {"status": status, "type": name, "message": message, "count": 2}
    assert where.startswith("test_answers.py:")
    assert where.endswith(f" {view}")
    assert probe.answers.ANSWERS.news() is None  # nothing is reported twice
    probe.answers.ANSWERS.begin()
    get(f"/{view}/{kind}/")
    assert [answer["count"] for answer in news(probe)] == [1]


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_is_one_line_and_bounded(get: Get, probe: Probe, kind: str) -> None:
    get(f"/talkative/{kind}/")
    (answer,) = news(probe)
    assert answer["message"].startswith("one two xxx")
    assert len(answer["message"]) == NEVER_MORE


def test_an_exception_from_no_view_has_no_place(get: Get, probe: Probe) -> None:
    assert get("/nowhere/")[0] == 404
    (answer,) = news(probe)
    assert (answer["message"], answer["where"]) == ("no URL pattern matches 'nowhere/'", None)


def test_a_host_that_is_not_allowed(get: Get, probe: Probe) -> None:
    assert get("/host/sync/", HTTP_HOST="evil.example")[0] == 400
    (answer,) = news(probe)
    assert answer["type"] == "django.core.exceptions.DisallowedHost"
    assert "evil.example" in answer["message"]


def test_a_middleware_that_raises(get: Get, probe: Probe, settings: Any) -> None:
    settings.MIDDLEWARE = [f"{__name__}.raising"]
    status, stamps = get("/fine/sync/")
    assert (status, stamps[1:3]) == (500, [NO_VIEW, -1])
    (answer,) = news(probe)
    assert (answer["type"], answer["where"].rpartition(" ")[2]) == ("ConnectionError", "middleware")


def test_async_views_and_atomic_requests(get: Get, probe: Probe, settings: Any) -> None:
    settings.DATABASES["default"]["ATOMIC_REQUESTS"] = True
    connections["default"].settings_dict["ATOMIC_REQUESTS"] = True
    try:
        assert get("/fine/async/")[0] == 500
    finally:
        connections["default"].settings_dict["ATOMIC_REQUESTS"] = False
    (answer,) = news(probe)
    assert answer["message"] == "You cannot use ATOMIC_REQUESTS with async views."


@pytest.mark.parametrize("get", ["wsgi"], indirect=True)  # Django leaves a file open under ASGI
def test_an_exception_that_reaches_the_server(get: Get, probe: Probe, settings: Any) -> None:
    settings.DEBUG_PROPAGATE_EXCEPTIONS = True
    with pytest.raises(LookupError):
        get("/broken/sync/")
    (answer,) = news(probe)
    assert (answer["status"], answer["type"], answer["count"]) == (None, "LookupError", 1)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("view", "status"), [("fine", 200), ("form", 302), ("unchanged", 304), ("refuses", 403)]
)
def test_a_views_own_answer_is_not_counted(
    get: Get, probe: Probe, kind: str, view: str, status: int
) -> None:
    answered, stamps = get(f"/{view}/{kind}/", HTTP_IF_NONE_MATCH='"same"')
    assert answered == status
    assert min(stamps) > 0
    assert news(probe) == []


@pytest.mark.parametrize(
    ("name", "status"), [("elsewhere", 302), ("cached", 200), ("not_modified", 304)]
)
def test_an_answer_before_the_view_is_stamped_as_such(
    get: Get, probe: Probe, settings: Any, name: str, status: int
) -> None:
    settings.MIDDLEWARE = [f"{__name__}.{name}"]
    answered, stamps = get("/fine/sync/")
    assert (answered, stamps[1:3]) == (status, [NO_VIEW, -1])
    redirect = {"status": 302, "type": None, "message": "", "where": "https://shop.example/"}
    assert news(probe) == ([{**redirect, "count": 1}] if name == "elsewhere" else [])


def test_djangos_own_redirects_come_before_the_view(get: Get, probe: Probe, settings: Any) -> None:
    settings.MIDDLEWARE = ["django.middleware.security.SecurityMiddleware"]
    settings.SECURE_SSL_REDIRECT = True
    status, stamps = get("/fine/sync/", "q=1")
    assert (status, stamps[1]) == (301, NO_VIEW)
    assert news(probe)[0]["where"] == "https://localhost/fine/sync/"
    settings.MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
    probe.answers.ANSWERS.begin()
    status, stamps = get("/fine/sync")
    assert (status, stamps[1]) == (301, NO_VIEW)
    assert [answer["where"] for answer in news(probe) if answer["type"] is None] == ["/fine/sync/"]


def test_a_views_redirect_to_a_login_has_its_target(get: Get, probe: Probe) -> None:
    """As `login_required` makes it, which passes for the view itself."""
    status, stamps = get("/private/sync/")
    assert status == 302
    assert min(stamps) > 0
    assert [answer["where"] for answer in news(probe)] == ["/accounts/login/"]


def test_the_bystanders_exceptions_are_not_counted(get: Get, probe: Probe) -> None:
    assert get("/broken/sync/", "liveburst-neighbour")[0] == 500
    assert news(probe) == []


def test_an_application_without_django(probe: Probe) -> None:
    def application(environ: Any, start: Any) -> Any:
        raise KeyError("its own")

    with pytest.raises(KeyError):
        Call(wrapped(probe, application))
    (answer,) = news(probe)
    assert (answer["status"], answer["type"]) == (None, "KeyError")


async def test_an_asgi_application_without_django(probe: Probe) -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        raise KeyError("its own")

    for end in (asyncio.CancelledError, SystemExit):

        async def cancelled(scope: Any, receive: Any, send: Any, end: Any = end) -> None:
            raise end

        with pytest.raises(end):
            await ask(wrapped(probe, cancelled, "asgi"), "/")
        assert news(probe) == []
    with pytest.raises(KeyError):
        await ask(wrapped(probe, application, "asgi"), "/")
    assert [answer["type"] for answer in news(probe)] == ["KeyError"]


def test_kinds_are_bounded_and_every_thread_counts(probe: Probe, project: ModuleType) -> None:
    kinds = [type(f"Error{number}", (Exception,), {}) for number in range(100)]

    def raise_all() -> None:
        for kind in kinds:
            probe.answers.ANSWERS.raised(kind("x"), 500)
            probe.answers.ANSWERS.redirected(302, [("Location", f"/{kind.__name__}")], called=False)

    threads = [threading.Thread(target=raise_all) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answers_ = news(probe)
    assert len(answers_) == 2 * project.MOST_KINDS
    assert sum(answer["count"] for answer in answers_) == 8 * 2 * project.MOST_KINDS


def test_an_interpreter_inside_the_project_is_not_its_code(
    project: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project, "DIRECTORY", str(tmp_path))
    monkeypatch.setattr(project.sys, "prefix", str(tmp_path / "env"))
    project.in_project.cache_clear()
    inside = project.in_project(str(tmp_path / "shop" / "views.py"))
    assert inside == str(Path("shop", "views.py"))
    for file in ("env/lib/python3.12/asyncio/base.py", ".v/lib/site-packages/django/x.py"):
        assert project.in_project(str(tmp_path / file)) == ""
    assert project.in_project(str(tmp_path.parent / "other.py")) == ""
