"""Opens a file with requests and tells its kind by its beginning. gzip is read as it is."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, cast

from .access_log import FORMATS, AccessLog
from .har import Har
from .json_or_yaml import MOST_CHARACTERS
from .logged_request import RequestSource, refused
from .openapi import Description, read_openapi

HEAD_BYTES = 65_536
MOST_LINE_BYTES = 65_536
_GZIP = b"\x1f\x8b"


@contextmanager
def opened(path: Path) -> Iterator[RequestSource | Description]:
    """Return the requests in a file, as a stream, or the description in it.

    Raises InvalidTraffic, also while the requests are read.
    """
    try:
        with ExitStack() as files:
            raw = files.enter_context(path.open("rb", buffering=0))
            compressed = raw.read(2) == _GZIP
            raw.seek(0)
            file = gzip.GzipFile(fileobj=raw) if compressed else raw
            buffered = io.BufferedReader(cast(io.RawIOBase, file), HEAD_BYTES)
            files.callback(buffered.close)
            yield _read(path.name, buffered, files)
    except (OSError, EOFError, zlib.error) as error:
        problem = getattr(error, "strerror", None) or error
        message = f"expected a file that can be read, found: {problem}"
        raise refused(str(path), None, message) from None


def _read(name: str, file: io.BufferedReader[Any], files: ExitStack) -> RequestSource | Description:
    head = file.peek(HEAD_BYTES)[:HEAD_BYTES]
    text = head.decode("utf-8-sig", errors="replace").lstrip()
    is_yaml = name.lower().endswith((".yaml", ".yml")) or _begins_yaml(text)
    if not text.startswith("{") and not is_yaml:
        return AccessLog(name, _lines(file))
    text_file = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace")
    stream = files.enter_context(text_file)
    if is_yaml or '"openapi"' in text or '"swagger"' in text:
        return read_openapi(name, stream.read(MOST_CHARACTERS + 1))
    if '"log"' in text:
        return Har(name, stream)
    raise refused(name, 1, f"expected {FORMATS}, found other JSON")


def _begins_yaml(text: str) -> bool:
    lines = (line for line in text.splitlines() if line.strip() and not line.startswith(("#", "-")))
    return next(lines, "").startswith(("openapi:", "swagger:"))


def _lines(file: io.BufferedReader[Any]) -> Iterator[str]:
    """Yield the lines of a file; of one that has no end, its beginning."""
    while data := file.readline(MOST_LINE_BYTES):
        yield data.decode("utf-8", errors="replace")
        while data and not data.endswith(b"\n"):
            data = file.readline(MOST_LINE_BYTES)
