"""The bundle: what `dashboard.packaging.bundle` builds of the page's scripts and styles.

A few minified files instead of one per module, with a hash of their content in their names. In a
repository whose sources have changed since, the sources are served as they are: a page never shows
an old version, and an edited file is visible at the next reload.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from dashboard.state.home import FILES, ROOT

DIRECTORY: Final = FILES / "build" / "static"
MANIFEST: Final = "manifest.json"
IN_FILE: Final = "js/in-file.js"  # the script of a run that is exported as one file
# Modules of the page, and by what that script replaces them.
REPLACED: Final = {"data/socket.js": "data/offline-socket.js"}
# Besides everything in static/: what is copied from npm, and what builds.
_OTHER_SOURCES: Final = (
    "node_modules/htmx.org/dist/htmx.min.js",
    "package-lock.json",
    "dashboard/packaging/bundle.py",
)
_LINK_TO_MAP: Final = re.compile(r"\n(?://|/\*)# sourceMappingURL=.*\s*\Z")


@dataclass(frozen=True)
class Bundle:
    """The built files. `names` maps a source, by its name in static/, to the file built of it."""

    sources: str  # their fingerprint
    names: dict[str, str]
    files: frozenset[str]  # everything that a browser may ask for, source maps included


def latest_bundle() -> Bundle | None:
    """Return the bundle, current or not; None if there is none."""
    try:
        return _read(DIRECTORY, (DIRECTORY / MANIFEST).stat().st_mtime_ns)
    except FileNotFoundError:
        return None


@lru_cache(maxsize=2)
def _read(directory: Path, _changed_ns: int) -> Bundle:
    manifest = json.loads((directory / MANIFEST).read_bytes())
    return Bundle(manifest["sources"], manifest["names"], frozenset(manifest["files"]))


def current_bundle() -> Bundle | None:
    """Return the bundle; None if it was not built from the sources as they are now."""
    bundle = latest_bundle()
    if bundle is None or (FILES == ROOT and bundle.sources != fingerprint()):
        return None
    return bundle


def built_text(source: str) -> str | None:
    """Return what was built of a source, for use inside a document; None if it is not current."""
    if (bundle := current_bundle()) is None:
        return None
    text = (DIRECTORY / bundle.names[source]).read_text(encoding="utf-8")
    return _LINK_TO_MAP.sub("\n", text)


def fingerprint() -> str:
    """Return a digest of names, sizes and times of change of all sources."""
    digest = hashlib.sha256()
    for path in sorted(_sources()):
        with suppress(FileNotFoundError):
            status = os.stat(path)  # noqa: PTH116 - with pathlib a page would take 3 ms longer
            digest.update(f"{path} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _sources() -> Iterator[str]:
    """Yield the paths of all sources."""
    root = os.fspath(ROOT)
    yield from (f"{root}/{name}" for name in _OTHER_SOURCES)
    for directory, _, names in os.walk(f"{root}/static"):
        yield from (f"{directory}/{name}" for name in names)
