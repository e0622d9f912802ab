"""Static files: the bundle with a cache that never asks again, the sources with one that does.

They are served by an ordinary view, so that they pass the same middleware as the pages: the Host
check, the content security policy, `nosniff`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Final

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from .bundle import DIRECTORY, current_bundle, latest_bundle

PREFIX: Final = "bundle/"  # of built files, before their names
LONGEST_NAME: Final = 200
# No part begins with a dot, none is empty, and no character has a meaning in a path.
_NAME: Final = re.compile(r"(?:[A-Za-z0-9][\w.-]*/)*[A-Za-z0-9][\w.-]*", re.ASCII)
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".map": "application/json",
}
# `private`: a cache that others share would answer them without the gate.
_FOREVER: Final = "private, max-age=31536000, immutable"
_ASK_AGAIN: Final = "private, no-cache"
_WEIGHTS_OF_NEVER: Final = ("q=0", "q=0.0", "q=0.00", "q=0.000")


class PageFiles(StaticFilesStorage):
    """Lets `{% static %}` lead to the built file of a source while that is current."""

    def url(self, name: str | None) -> str:
        """Return the address of a file in static/."""
        bundle = current_bundle()
        built = bundle.names.get(name or "") if bundle else None
        return super().url(f"{PREFIX}{built}" if built else name)


@require_safe
async def static_file(request: HttpRequest, name: str) -> HttpResponseBase:
    """Return a static file, or 404 in plain text for any other name."""
    if len(name) > LONGEST_NAME or not _NAME.fullmatch(name):
        return _missing()
    if name.startswith(PREFIX):
        return _built(request, name.removeprefix(PREFIX))
    return _source(request, name)


def _built(request: HttpRequest, name: str) -> HttpResponse:
    """Return a built file. One of the last build is found even if its sources have changed."""
    bundle = latest_bundle()
    if bundle is None or name not in bundle.files:
        return _missing()
    compressed = accepts_gzip(request.headers.get("Accept-Encoding", ""))
    response = HttpResponse(
        _content(DIRECTORY / (f"{name}.gz" if compressed else name)),
        content_type=_TYPES[Path(name).suffix],
        headers={"Cache-Control": _FOREVER, "Vary": "Accept-Encoding"},
    )
    if compressed:
        response.headers["Content-Encoding"] = "gzip"
    return response


@lru_cache(maxsize=64)
def _content(path: Path) -> bytes:
    """Return the content of a built file, which never changes: its name has the hash."""
    return path.read_bytes()


def _source(request: HttpRequest, name: str) -> HttpResponseBase:
    """Return a file of static/ or npm as it is now, or 304 if the browser has it."""
    path = Path(finders.find(name) or "/nothing")
    content_type = _TYPES.get(path.suffix)
    if content_type is None or not path.is_file():
        return _missing()
    status = path.stat()
    etag = f'"{status.st_mtime_ns:x}-{status.st_size:x}"'
    headers = {"Cache-Control": _ASK_AGAIN, "ETag": etag}
    response = HttpResponse(path.read_bytes(), content_type=content_type, headers=headers)
    return get_conditional_response(request, etag, None, response) or response


def _missing() -> HttpResponse:
    return HttpResponse(
        "There is no file at this address.\n",
        content_type="text/plain; charset=utf-8",
        status=HTTPStatus.NOT_FOUND,
    )


def accepts_gzip(accept_encoding: str) -> bool:
    """Return True if a client takes gzip; one that asks for nothing gets no compression."""
    for offer in accept_encoding.lower().split(","):
        coding, _, weight = offer.partition(";")
        if coding.strip() == "gzip":
            return weight.replace(" ", "") not in _WEIGHTS_OF_NEVER
    return False
