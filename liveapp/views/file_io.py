"""Writing a file and reading it again: in a thread, in the event loop, or by aiofiles.

The file has no name: it is gone when it is closed, and when the process is killed. TMPDIR
says where it is. What was written is read from the page cache, as it mostly is in practice.
"""

import asyncio
import tempfile
from collections.abc import Iterator

import aiofiles.tempfile
from django.http import HttpRequest, JsonResponse

from liveapp.parameters import number

CHUNK = memoryview(bytes(64 * 1024))  # what Django reads of an upload at a time
MAX_MEGABYTES = 100.0


def sync(request: HttpRequest) -> JsonResponse:
    """Write and read in the view's thread."""
    return _answer(write_and_read(_size(request)))


async def async_naive(request: HttpRequest) -> JsonResponse:
    """Write and read in an async view as if it were sync: the event loop waits for the disk."""
    return _answer(write_and_read(_size(request)))


async def async_threads(request: HttpRequest) -> JsonResponse:
    """Hand all of it to a thread at once."""
    return _answer(await asyncio.to_thread(write_and_read, _size(request)))


async def aiofiles_(request: HttpRequest) -> JsonResponse:
    """Write and read by aiofiles, which hands each call to a thread."""
    found = 0
    async with aiofiles.tempfile.TemporaryFile("w+b") as file:
        for chunk in _chunks(_size(request)):
            await file.write(chunk)
        await file.seek(0)
        while read := await file.read(len(CHUNK)):
            found += len(read)
    return _answer(found)


def write_and_read(size: int) -> int:
    """Write so many bytes to a file and read it to its end; how many were read."""
    found = 0
    with tempfile.TemporaryFile() as file:
        for chunk in _chunks(size):
            file.write(chunk)
        file.seek(0)
        while read := file.read(len(CHUNK)):
            found += len(read)
    return found


def _chunks(size: int) -> Iterator[memoryview]:
    for _ in range(size // len(CHUNK)):
        yield CHUNK
    yield CHUNK[: size % len(CHUNK)]


def _size(request: HttpRequest) -> int:
    megabytes = number(request, "megabytes", default=1, low=0.001, high=MAX_MEGABYTES)
    return round(megabytes * 1_000_000)


def _answer(size: int) -> JsonResponse:
    return JsonResponse({"bytes": size})
