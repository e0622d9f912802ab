"""When the bundle is used: only while it was built from the sources as they are."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage

from dashboard.web.serving import bundle

Change = Callable[[Path], object]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one script and a bundle of it."""
    built = tmp_path / "build" / "static"
    for directory in (tmp_path / "static" / "js", tmp_path / "static" / "css", built):
        directory.mkdir(parents=True)
    (tmp_path / "static" / "js" / "main.js").write_text("let a;")
    for name in ("ROOT", "FILES"):
        monkeypatch.setattr(bundle, name, tmp_path)
    monkeypatch.setattr(bundle, "DIRECTORY", built)
    write_bundle(built, {"js/main.js": "main-1.js"}, {"main-1.js": "a\n//# sourceMappingURL=m\n"})
    return tmp_path


def write_bundle(directory: Path, names: dict[str, str], files: dict[str, str]) -> None:
    """Write what `dashboard.packaging.bundle` writes."""
    manifest = {"sources": bundle.fingerprint(), "names": names, "files": sorted(files)}
    for name, text in files.items():
        (directory / name).write_text(text)
    (directory / bundle.MANIFEST).write_text(json.dumps(manifest))


def test_a_template_leads_to_the_built_file(repository: Path) -> None:
    assert staticfiles_storage.url("js/main.js") == "/static/bundle/main-1.js"
    assert staticfiles_storage.url("js/other.js") == "/static/js/other.js"
    assert bundle.built_text("js/main.js") == "a\n"


@pytest.mark.parametrize(
    "change",
    [
        lambda static: (static / "js" / "main.js").write_text("let b;"),
        lambda static: os.utime(static / "js" / "main.js", (1, 1)),
        lambda static: (static / "js" / "main.js").unlink(),
        lambda static: (static / "js" / "main.js").rename(static / "css" / "main.js"),
        lambda static: (static / "css" / "new.css").write_text(""),
        lambda static: (static.parent / "package-lock.json").write_text(""),
    ],
    ids=["edited", "touched", "deleted", "moved", "added", "another esbuild"],
)
def test_once_a_source_has_changed_the_sources_are_used(repository: Path, change: Change) -> None:
    change(repository / "static")
    assert staticfiles_storage.url("js/main.js") == "/static/js/main.js"
    assert bundle.built_text("js/main.js") is None
    assert bundle.latest_bundle() is not None  # for pages that were loaded before


def test_without_a_bundle_the_sources_are_used(repository: Path) -> None:
    (repository / "build" / "static" / bundle.MANIFEST).unlink()
    assert staticfiles_storage.url("js/main.js") == "/static/js/main.js"


def test_a_bundle_that_is_built_anew_is_read_anew(repository: Path) -> None:
    (repository / "static" / "js" / "main.js").write_text("let b;")
    write_bundle(bundle.DIRECTORY, {"js/main.js": "main-2.js"}, {"main-2.js": "b"})
    manifest = bundle.DIRECTORY / bundle.MANIFEST
    os.utime(manifest, ns=(0, manifest.stat().st_mtime_ns + 1))  # clocks of file systems are coarse
    assert staticfiles_storage.url("js/main.js") == "/static/bundle/main-2.js"


def test_in_a_wheel_nothing_is_compared(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "ROOT", repository / "nowhere")
    assert staticfiles_storage.url("js/main.js") == "/static/bundle/main-1.js"
