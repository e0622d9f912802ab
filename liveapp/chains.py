"""Django's handlers with middleware of their own, each for the paths of one scenario.

Django builds its chain of middleware once, from the settings, when a handler is made. So each
chain here is that of a handler that is Django's own in everything. Whatever else is asked for
goes to the project's handler, and passes through nothing on the way but one look at its path.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler

# What `django-admin startproject` writes.
DEFAULT = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
SYNC_ONLY = "liveapp.middleware.sync_only"

# Where the one that is sync only stands matters under ASGI. Django calls what is above it as
# sync code too: last in the list, all eight run in one thread, for one hop there and one back.
# First in the list, the others stay async, and each makes hops of its own.
CHAINS = {
    "default": DEFAULT,
    "plus-one": [*DEFAULT, SYNC_ONLY],
    "plus-one-first": [SYNC_ONLY, *DEFAULT],
}


def wsgi_with_chains(application: Any) -> Any:
    """The project's WSGI application, with the chains at their paths."""
    handlers = _by_path(WSGIHandler)

    def chosen(environ: dict[str, Any], start_response: Any) -> Any:
        handler = handlers.get(environ["PATH_INFO"], application)
        return handler(environ, start_response)

    return chosen


def asgi_with_chains(application: Any) -> Any:
    """The project's ASGI application, with the chains at their paths."""
    handlers = _by_path(ASGIHandler)

    async def chosen(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await handlers.get(scope.get("path", ""), application)(scope, receive, send)

    return chosen


def _by_path(make: Callable[[], Any]) -> dict[str, Any]:
    """Make the handlers. Only while the project is being loaded: the settings change for it."""
    of_the_project = settings.MIDDLEWARE
    handlers: dict[str, Any] = {}
    try:
        for name, middleware in CHAINS.items():
            settings.MIDDLEWARE = middleware
            handler = make()
            handlers |= dict.fromkeys(
                (f"/middleware/sync-{name}/", f"/middleware/async-{name}/"), handler
            )
    finally:
        settings.MIDDLEWARE = of_the_project
    return handlers
