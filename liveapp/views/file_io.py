"""Writing a file and reading it again: in a thread, in the event loop, or by aiofiles.

The file has no name, so it disappears when it is closed or the process is killed. It is in
TMPDIR. It is read from the page cache, as is usual in practice.
"""

import asyncio
import tempfile
from collections.abc import Iterator

import aiofiles.tempfile
from django.http import HttpRequest, JsonResponse

from liveapp.parameters import number

CHUNK = memoryview(bytes(64 * 1024))  # the size in which Django reads uploads
MAX_MEGABYTES = 100.0


def sync(request: HttpRequest) -> JsonResponse:
    """Write and read in the view's thread."""
    return _answer(write_and_read(_size(request)))


async def async_naive(request: HttpRequest) -> JsonResponse:
    """Write and read in an async view as in a sync one: the event loop waits for the disk."""
    return _answer(write_and_read(_size(request)))


async def async_threads(request: HttpRequest) -> JsonResponse:
    """Write and read in one thread."""
    return _answer(await asyncio.to_thread(write_and_read, _size(request)))


async def aiofiles_(request: HttpRequest) -> JsonResponse:
    """Write and read by aiofiles, which hands each call to a thread."""
    count = 0
    async with aiofiles.tempfile.TemporaryFile("w+b") as file:
        for chunk in _chunks(_size(request)):
            await file.write(chunk)
        await file.seek(0)
        while read := await file.read(len(CHUNK)):
            count += len(read)
    return _answer(count)


def write_and_read(size: int) -> int:
    """Write this many bytes to a file, read it, and return how many were read."""
    count = 0
    with tempfile.TemporaryFile() as file:
        for chunk in _chunks(size):
            file.write(chunk)
        file.seek(0)
        while read := file.read(len(CHUNK)):
            count += len(read)
    return count


def _chunks(size: int) -> Iterator[memoryview]:
    for _ in range(size // len(CHUNK)):
        yield CHUNK
    yield CHUNK[: size % len(CHUNK)]


def _size(request: HttpRequest) -> int:
    megabytes = number(request, "megabytes", default=1, low=0.001, high=MAX_MEGABYTES)
    return round(megabytes * 1_000_000)


def _answer(size: int) -> JsonResponse:
    return JsonResponse({"bytes": size})
