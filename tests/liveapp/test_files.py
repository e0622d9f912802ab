"""Scenarios `file-io` and `upload`: each variant under WSGI and under ASGI."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from liveapp.views.upload import MAX_BYTES
from tests.targets.helpers import until

from .conftest import Liveapp
from .http import get, post

pytestmark = pytest.mark.servers

SERVERS = ["gunicorn-gthread", "uvicorn", "daphne"]
QUICK = ["gunicorn-gthread", "uvicorn"]  # with a hundred megabytes Daphne takes seconds
FILE_IO = ["sync", "async-naive", "async-threads", "aiofiles"]
UPLOAD = ["sync", "async", "async-naive"]
SMALL, LARGE = 1_000, 5_000_000  # kept in memory by Django, and in a temporary file


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("variant", FILE_IO)
def test_as_much_is_read_as_was_asked_for(served: Liveapp, server: str, variant: str) -> None:
    answer = get(f"{served.url(server)}/file-io/{variant}/?megabytes=1.234567")
    assert (answer.status_code, answer.json()) == (200, {"bytes": 1_234_567})


@pytest.mark.parametrize("variant", FILE_IO)
def test_a_size_out_of_bounds_is_refused_by_name(served: Liveapp, variant: str) -> None:
    path = f"{served.url('uvicorn')}/file-io/{variant}/"
    answer = get(path, params={"megabytes": "nan"})
    assert (answer.status_code, answer.json()["field"]) == (400, "megabytes")


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("variant", UPLOAD)
@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_what_is_sent_is_what_is_hashed(
    served: Liveapp, server: str, variant: str, size: int
) -> None:
    content = bytes(range(250)) * (size // 250)
    answer = post(f"{served.url(server)}/upload/{variant}/", files={"file": content})
    assert answer.status_code == 200
    assert answer.json() == {"bytes": size, "sha256": hashlib.sha256(content).hexdigest()}
    assert until(lambda: nothing_is_left(served), 2)


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("variant", UPLOAD)
def test_a_form_that_is_broken_is_refused(served: Liveapp, server: str, variant: str) -> None:
    answer = post(
        f"{served.url(server)}/upload/{variant}/",
        content=b"no part of any form",
        headers={"Content-Type": "multipart/form-data"},  # that has no boundary
    )
    assert answer.status_code == 400
    if server != "daphne":  # Twisted looks into forms itself, and has no words for it
        assert "boundary" in answer.json()["message"]


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("variant", UPLOAD)
def test_what_is_no_form_is_refused(served: Liveapp, server: str, variant: str) -> None:
    answer = post(
        f"{served.url(server)}/upload/{variant}/",
        content='{"file": 1}',
        headers={"Content-Type": "application/json"},
    )
    assert (answer.status_code, answer.json()["field"]) == (400, "file")


@pytest.mark.parametrize("server", QUICK)
@pytest.mark.parametrize("variant", UPLOAD)
def test_a_file_over_the_limit_is_too_large(served: Liveapp, server: str, variant: str) -> None:
    answer = post(
        f"{served.url(server)}/upload/{variant}/",
        content=form_of(MAX_BYTES + 1),
        headers={
            "Content-Type": "multipart/form-data; boundary=b",
            "Content-Length": str(size_of(MAX_BYTES + 1)),
        },
        timeout=60,
    )
    assert answer.status_code == 413
    assert answer.json() == {"field": "file", "message": "expected at most 100 MB"}
    assert until(lambda: nothing_is_left(served), 2)


def nothing_is_left(served: Liveapp) -> bool:
    """Whether there is no file any more; it is removed after the answer."""
    return not list((served.home / "uploads").iterdir())


HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
TAIL = b"\r\n--b--\r\n"


def size_of(size: int) -> int:
    return len(HEAD) + size + len(TAIL)


def form_of(size: int) -> Iterator[bytes]:
    """A form with a file of this size, never whole in memory."""
    yield HEAD
    chunk = bytes(1_000_000)
    while size:
        yield chunk[:size]
        size -= min(size, len(chunk))
    yield TAIL
