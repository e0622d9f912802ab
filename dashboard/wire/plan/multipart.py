"""The bytes of a multipart form with one file (RFC 7578), the same for all clients."""

from __future__ import annotations

from collections.abc import Iterator

from .request_mode import Upload

BOUNDARY = "liveburst-7d1f0c2a"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"
BLOCK = b"0123456789abcdef" * 4096  # the content of every file, repeated


def opening_of(upload: Upload) -> bytes:
    """Return the bytes before the file."""
    disposition = f'form-data; name="{upload.field}"; filename="upload.bin"'
    return (
        f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n"
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode()


def closing_of() -> bytes:
    """Return the bytes after the file."""
    return f"\r\n--{BOUNDARY}--\r\n".encode()


def length_of(upload: Upload) -> int:
    """Return the length of the complete form in bytes."""
    return len(opening_of(upload)) + upload.size + len(closing_of())


def pieces_of(upload: Upload) -> Iterator[bytes]:
    """Yield the complete form, made while it is sent."""
    yield opening_of(upload)
    for left in range(upload.size, 0, -len(BLOCK)):
        yield BLOCK[:left]
    yield closing_of()
