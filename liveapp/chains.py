"""Django's handlers with other middleware, each for the paths of one variant.

Django builds its chain of middleware once, from the settings, when a handler is made. So each
chain here belongs to an unmodified handler of Django's. Requests to any other path go to the
project's handler; all that they pass through is one look-up of their path.
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

# Under ASGI the position of the sync-only middleware matters. Django also runs everything above
# it as sync code: if it is last in the list, all eight run in one thread, with one hop there and
# one back. If it is first, the others stay async, and each makes its own hops.
CHAINS = {
    "default": DEFAULT,
    "plus-one": [*DEFAULT, SYNC_ONLY],
    "plus-one-first": [SYNC_ONLY, *DEFAULT],
}


def wsgi_with_chains(application: Any) -> Any:
    """Return the project's WSGI application, with the chains at their paths."""
    handlers = _by_path(WSGIHandler)

    def chosen(environ: dict[str, Any], start_response: Any) -> Any:
        handler = handlers.get(environ["PATH_INFO"], application)
        return handler(environ, start_response)

    return chosen


def asgi_with_chains(application: Any) -> Any:
    """Return the project's ASGI application, with the chains at their paths."""
    handlers = _by_path(ASGIHandler)

    async def chosen(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await handlers.get(scope.get("path", ""), application)(scope, receive, send)

    return chosen


def _by_path(make: Callable[[], Any]) -> dict[str, Any]:
    """Make the handlers, only while the project is loaded, since this changes the settings."""
    original = settings.MIDDLEWARE
    handlers: dict[str, Any] = {}
    try:
        for name, middleware in CHAINS.items():
            settings.MIDDLEWARE = middleware
            handler = make()
            handlers |= dict.fromkeys(
                (f"/middleware/sync-{name}/", f"/middleware/async-{name}/"), handler
            )
    finally:
        settings.MIDDLEWARE = original
    return handlers
