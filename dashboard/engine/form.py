"""The bytes of a multipart form with one file in it, but for the file's own (RFC 7578)."""

from __future__ import annotations

from dashboard.wire.manner import Upload

BOUNDARY = "liveburst-7d1f0c2a"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def opening_of(upload: Upload) -> bytes:
    """What stands before the file."""
    disposition = f'form-data; name="{upload.field}"; filename="upload.bin"'
    return (
        f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n"
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode()


def closing_of() -> bytes:
    """What stands behind it."""
    return f"\r\n--{BOUNDARY}--\r\n".encode()


def length_of(upload: Upload) -> int:
    """The length of the whole form in bytes."""
    return len(opening_of(upload)) + upload.size + len(closing_of())
