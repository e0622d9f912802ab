"""Receiving a file in a multipart form: parsed, stored and hashed.

Django keeps the first 2.5 MB of a file in memory and what is larger in a temporary file, so
the size of an upload is not that of the process. Under WSGI the view itself reads from the
connection, and its thread waits for a slow client. Under ASGI Django has read the whole body,
to a temporary file too, before it calls the view.
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
FORM_BYTES = 1_000_000  # what a form may be larger than its file


@require_POST
def sync(request: HttpRequest) -> JsonResponse:
    """Receive it in the view's thread."""
    return receive(request)


@require_POST
async def async_(request: HttpRequest) -> JsonResponse:
    """Receive it in a thread that is asked for."""
    return await sync_to_async(receive)(request)


@require_POST
async def async_naive(request: HttpRequest) -> JsonResponse:
    """Receive it in the event loop, which parses, writes and hashes and does nothing else."""
    return receive(request)


def receive(request: HttpRequest) -> JsonResponse:
    """Parse, store and hash the file of a form; 413 where it is larger than is allowed."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BYTES + FORM_BYTES:
        return _too_large()  # before anything is read
    file: Any = request.FILES.get(FIELD)
    if file is None:
        raise BadParameter(FIELD, "a file in a multipart form", "none")
    if file.size > MAX_BYTES:
        return _too_large()
    return JsonResponse({"bytes": file.size, "sha256": store(file)})


def store(file: "UploadedFile[Any]") -> str:
    """Write it to a file of our own, chunk by chunk, and return its SHA-256.

    It is stored as long as that takes: a laboratory keeps nothing of what it is sent.
    """
    digest = hashlib.sha256()
    with tempfile.TemporaryFile(dir=UPLOADS) as stored:
        for chunk in file.chunks():
            digest.update(chunk)
            stored.write(chunk)
    return digest.hexdigest()


def _too_large() -> JsonResponse:
    message = f"expected at most {MAX_BYTES / 1e6:g} MB"
    return JsonResponse({"field": FIELD, "message": message}, status=413)
