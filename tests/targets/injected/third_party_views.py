"""Views built as Django REST framework, adrf and django-ninja build theirs; none is installed here.

Attributes, closures and names were checked against djangorestframework 3.18, adrf 0.1.14 and
django-ninja 1.7.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from functools import update_wrapper, wraps
from types import SimpleNamespace
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import classonlymethod, method_decorator
from django.views import View
from django.views.decorators.cache import cache_page
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

OK = HttpResponse("ok")


class APIView(View):
    permission_classes: Any = ()

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        view = super().as_view(**initkwargs)
        view.cls = cls  # type: ignore[attr-defined]
        view.initkwargs = initkwargs  # type: ignore[attr-defined]
        return csrf_exempt(view)

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        return OK


APIView.__module__ = "rest_framework.views"


class ViewSet(APIView):
    @classonlymethod
    def as_view(cls, actions: Any, **initkwargs: Any) -> Any:  # type: ignore[override] # noqa: N805
        def view(request: Any, *args: Any, **kwargs: Any) -> Any:
            return cls(**initkwargs).dispatch(request)

        async def async_view(request: Any, *args: Any, **kwargs: Any) -> Any:
            return cls(**initkwargs).dispatch(request)

        made: Any = async_view if cls.view_is_async else view
        update_wrapper(made, cls, updated=())
        update_wrapper(made, cls.dispatch, assigned=())
        made.cls, made.initkwargs, made.actions = cls, initkwargs, actions
        return csrf_exempt(made)


def api_view(methods: list[str]) -> Callable[[Any], Any]:
    def decorator(func: Any) -> Any:
        class WrappedAPIView(APIView):
            pass

        def handler(self: Any, *args: Any, **kwargs: Any) -> Any:
            return func(*args, **kwargs)

        async def ahandler(self: Any, *args: Any, **kwargs: Any) -> Any:
            return await func(*args, **kwargs)

        is_async = func.__code__.co_flags & 0x80
        WrappedAPIView.http_method_names = [*(method.lower() for method in methods), "options"]
        for method in methods:
            setattr(WrappedAPIView, method.lower(), ahandler if is_async else handler)
        WrappedAPIView.__name__, WrappedAPIView.__module__ = func.__name__, func.__module__
        WrappedAPIView.permission_classes = getattr(func, "permission_classes", ())
        return WrappedAPIView.as_view()

    return decorator


class IsAuthenticated:
    pass


class PathView:
    """django-ninja's; `view_func` of each operation is what a person wrote."""

    def __init__(self, *operations: tuple[list[str], Any, list[Any]]) -> None:
        self.operations = [
            SimpleNamespace(methods=methods, view_func=function, auth_callbacks=auth)
            for methods, function, auth in operations
        ]

    def get_view(self, is_async: bool = False) -> Any:
        async def async_view_wrapper(request: Any, *args: Any, **kwargs: Any) -> Any:
            return self.operations[0].view_func(request)

        def sync_view_wrapper(request: Any, *args: Any, **kwargs: Any) -> Any:
            return self.operations[0].view_func(request)

        return async_view_wrapper if is_async else sync_view_wrapper


def bare(fn: Any) -> Any:
    """A decorator that forgets `functools.wraps`."""

    def inner(request: Any, *args: Any, **kwargs: Any) -> Any:
        return fn(request, *args, **kwargs)

    return inner


def kind(fn: Any) -> Any:
    @wraps(fn)
    def inner(request: Any) -> Any:
        return fn(request)

    return inner


# What a person wrote.


def report(request: HttpRequest) -> HttpResponse:
    return OK


async def areport(request: HttpRequest) -> HttpResponse:
    return OK


def secret(request: HttpRequest) -> HttpResponse:
    return OK


secret.permission_classes = (IsAuthenticated,)  # type: ignore[attr-defined]


def made() -> Any:
    def view(request: HttpRequest) -> HttpResponse:
        return OK

    return view


class Callables:
    def __call__(self, request: HttpRequest) -> HttpResponse:
        return OK


class AsyncCallables:
    async def __call__(self, request: HttpRequest) -> HttpResponse:
        return OK


class Reads(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return OK


class AsyncReads(View):
    async def get(self, request: HttpRequest) -> HttpResponse:
        return OK


class Posts(View):
    def post(self, request: HttpRequest) -> HttpResponse:
        return OK


@method_decorator(require_POST, name="dispatch")
class Limited(Reads):
    pass


@method_decorator(login_required, name="dispatch")
class Hidden(Reads):
    pass


class AccessMixin:
    """Django's own is not to be had without its users."""


class Mixed(AccessMixin, Reads):
    pass


class Dispatches(View):
    """As graphene's GraphQLView: no handlers."""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        return OK


class Articles(ViewSet):
    def list(self, request: HttpRequest) -> HttpResponse:
        return OK

    def purge(self, request: HttpRequest) -> HttpResponse:
        return OK


class MoreArticles(Articles):
    permission_classes = (IsAuthenticated,)


class AsyncArticles(ViewSet):
    view_is_async = True

    async def alist(self, request: HttpRequest) -> HttpResponse:
        return OK


HERE = __name__
# view, source (below this module), function, family, methods, login
VIEWS: list[tuple[str, Any, str | None, str, str, list[str] | None, bool]] = [
    ("function", report, "report", "report", "sync", None, False),
    ("async", areport, "areport", "areport", "async", None, False),
    ("partial", functools.partial(report), "report", "report", "sync", None, False),
    ("wrapped", kind(kind(report)), "report", "report", "sync", None, False),
    ("bare", bare(report), "report", "report", "sync", None, False),
    ("bare twice", bare(bare(report)), "report", "report", "sync", None, False),
    ("bare class", bare(Reads.as_view()), "Reads", "Reads", "sync", ["GET"], False),
    ("bare POST", bare(require_POST(report)), "report", "report", "sync", ["POST"], False),
    ("cached", cache_page(9)(report), "report", "report", "sync", None, False),
    ("GET", require_GET(areport), "areport", "areport", "async", ["GET"], False),
    (
        "both limits",
        require_http_methods(["GET", "POST"])(require_GET(report)),
        *("report", "report", "sync", ["GET"], False),
    ),
    ("login", login_required(report), "report", "report", "sync", None, True),
    ("made", made(), None, "view", "sync", None, False),
    ("object", Callables(), "Callables", "Callables", "sync", None, False),
    ("async object", AsyncCallables(), "AsyncCallables", "AsyncCallables", "async", None, False),
    ("class", Reads.as_view(), "Reads", "Reads", "sync", ["GET"], False),
    ("async class", AsyncReads.as_view(), "AsyncReads", "AsyncReads", "async", ["GET"], False),
    ("class POST", Posts.as_view(), "Posts", "Posts", "sync", ["POST"], False),
    (
        "narrowed",
        Reads.as_view(http_method_names=["post"]),
        *("Reads", "Reads", "sync", [], False),
    ),
    ("limited class", Limited.as_view(), "Limited", "Limited", "sync", [], False),
    ("hidden class", Hidden.as_view(), "Hidden", "Hidden", "sync", ["GET"], True),
    ("mixin", Mixed.as_view(), "Mixed", "Mixed", "sync", ["GET"], True),
    ("dispatch", Dispatches.as_view(), "Dispatches", "Dispatches", "sync", None, False),
    ("api_view", api_view(["GET"])(report), "report", "report", "sync", ["GET"], False),
    ("adrf api_view", api_view(["GET"])(areport), "areport", "areport", "async", ["GET"], False),
    ("api_view POST", api_view(["POST"])(report), "report", "report", "sync", ["POST"], False),
    ("permission", api_view(["GET"])(secret), "secret", "secret", "sync", ["GET"], True),
    (
        "cached api_view",
        cache_page(9)(api_view(["GET"])(report)),
        *("report", "report", "sync", ["GET"], False),
    ),
    (
        "viewset",
        Articles.as_view({"get": "list", "post": "purge"}),
        *("Articles.list", "Articles.list", "sync", ["GET", "POST"], False),
    ),
    (
        "viewset POST",
        Articles.as_view({"post": "purge"}),
        *("Articles.purge", "Articles.purge", "sync", ["POST"], False),
    ),
    (
        "inherited",
        MoreArticles.as_view({"get": "list"}),
        *("MoreArticles", "MoreArticles.list", "sync", ["GET"], True),
    ),
    (
        "action's permission",
        MoreArticles.as_view({"get": "list"}, permission_classes=()),
        *("MoreArticles", "MoreArticles.list", "sync", ["GET"], False),
    ),
    (
        "adrf viewset",
        AsyncArticles.as_view({"get": "alist"}),
        *("AsyncArticles.alist", "AsyncArticles.alist", "async", ["GET"], False),
    ),
    (
        "ninja",
        PathView((["GET"], report, [])).get_view(),
        *("report", "report", "sync", ["GET"], False),
    ),
    (
        "ninja async",
        PathView((["POST"], report, []), (["GET"], areport, [])).get_view(is_async=True),
        *("areport", "areport", "async", ["GET", "POST"], False),
    ),
    (
        "ninja auth",
        PathView((["GET"], kind(report), [object()])).get_view(),
        *("report", "report", "sync", ["GET"], True),
    ),
]
