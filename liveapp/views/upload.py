"""Receiving a file in a multipart form: parsed, stored and hashed.

Django keeps files up to 2.5 MB in memory and larger ones in a temporary file, so the process
does not grow by the size of an upload. Under WSGI the view itself reads from the connection,
and its thread waits for a slow client. Under ASGI Django reads the whole body, also into a
temporary file, before it calls the view.
"""

import hashlib
import tempfile
from typing import Any

from asgiref.sync import sync_to_async
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_POST

from liveapp.parameters import BadParameter
from liveapp.places import UPLOADS

FIELD = "file"
MAX_BYTES = 100_000_000
FORM_BYTES = 1_000_000  # at most, beside its file


@require_POST
def sync(request: HttpRequest) -> JsonResponse:
    """Receive the file in the view's thread."""
    return receive(request)


@require_POST
async def async_(request: HttpRequest) -> JsonResponse:
    """Receive the file in a thread, by `sync_to_async`."""
    return await sync_to_async(receive)(request)


@require_POST
async def async_naive(request: HttpRequest) -> JsonResponse:
    """Receive the file in the event loop, which is blocked by parsing, writing and hashing."""
    return receive(request)


def receive(request: HttpRequest) -> JsonResponse:
    """Parse, store and hash the file of a form; 413 if it is too large."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BYTES + FORM_BYTES:
        return _too_large()  # before anything is read
    file: Any = request.FILES.get(FIELD)
    if file is None:
        raise BadParameter(FIELD, "a file in a multipart form", "none")
    if file.size > MAX_BYTES:
        return _too_large()
    return JsonResponse({"bytes": file.size, "sha256": store(file)})


def store(file: "UploadedFile[Any]") -> str:
    """Write the upload to a temporary file, chunk by chunk, and return its SHA-256."""
    digest = hashlib.sha256()
    with tempfile.TemporaryFile(dir=UPLOADS) as stored:
        for chunk in file.chunks():
            digest.update(chunk)
            stored.write(chunk)
    return digest.hexdigest()


def _too_large() -> JsonResponse:
    message = f"expected at most {MAX_BYTES / 1e6:g} MB"
    return JsonResponse({"field": FIELD, "message": message}, status=413)
